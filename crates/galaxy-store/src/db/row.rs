//! Rows of either engine as tuples and structs.

use rusqlite::{Row, types::FromSql};

/// Made of a row of SQLite. What is read from PostgreSQL derives `sqlx::FromRow`.
pub(crate) trait FromRow: Sized {
    /// Reads the row.
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self>;
}

macro_rules! tuples {
    ($($name:ident $place:literal),+) => {
        impl<$($name: FromSql),+> FromRow for ($($name,)+) {
            fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
                Ok(($(row.get($place)?,)+))
            }
        }
    };
}

tuples!(A 0);
tuples!(A 0, B 1);
tuples!(A 0, B 1, C 2);
tuples!(A 0, B 1, C 2, D 3);
tuples!(A 0, B 1, C 2, D 3, E 4);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);

/// Declares a struct whose fields are columns, by name, on both engines. Fields after `..` are
/// structs of the same kind, read from the same row.
macro_rules! row {
    (
        $(#[$attribute:meta])*
        $visibility:vis struct $name:ident {
            $($(#[$doc:meta])* $field_visibility:vis $field:ident: $type:ty,)*
            $(.. $part:ident: $part_type:ty,)*
        }
    ) => {
        $(#[$attribute])*
        #[derive(sqlx::FromRow)]
        $visibility struct $name {
            $($(#[$doc])* $field_visibility $field: $type,)*
            $(#[sqlx(flatten)] $part: $part_type,)*
        }

        impl $crate::db::row::FromRow for $name {
            fn from_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
                Ok(Self {
                    $($field: row.get(stringify!($field))?,)*
                    $($part: $crate::db::row::FromRow::from_row(row)?,)*
                })
            }
        }
    };
}
pub(crate) use row;
