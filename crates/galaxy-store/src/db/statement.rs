//! One statement text for both engines.

/// Runs one statement on whichever engine `$conn` (a [`Conn`](super::Conn) or a
/// [`Tx`](super::Tx)) is connected to: `statement!(conn.execute(SQL, values…))` gives the number of
/// changed rows, and `fetch_all`, `fetch_optional` and `fetch_one` give tuples or structs made by
/// `row!`. The text is a constant with `$1` placeholders; ids are bound as `id.uuid()`. With
/// `for pattern in rows => values…` instead of values, those of all rows are bound in turn, and the
/// placeholders have to occur in their order.
macro_rules! statement {
    ($conn:ident.execute($sql:expr, for $row:pat in $rows:expr => $($value:expr),+ $(,)?)) => {{
        let sql = sqlx::SqlSafeStr::into_sql_str($sql);
        match $conn.conn() {
            $crate::db::Conn::Sqlite(conn) => {
                $crate::db::sqlite::Query::new(conn, sql.as_str()).and_then(|mut query| {
                    for $row in $rows { query = query$(.bind_next($value)?)+; }
                    query.execute()
                })
            }
            $crate::db::Conn::Postgres(conn) => {
                let mut query = sqlx::query::<sqlx::Postgres>(sql);
                for $row in $rows { query = query$(.bind($value))+; }
                let done = query.execute(&mut **conn).await;
                done.map(|done| done.rows_affected()).map_err($crate::error::StoreError::from)
            }
        }
    }};
    ($conn:ident.$fetch:ident($sql:expr, for $row:pat in $rows:expr => $($value:expr),+ $(,)?)) => {{
        let sql = sqlx::SqlSafeStr::into_sql_str($sql);
        match $conn.conn() {
            $crate::db::Conn::Sqlite(conn) => {
                $crate::db::sqlite::Query::new(conn, sql.as_str()).and_then(|mut query| {
                    for $row in $rows { query = query$(.bind_next($value)?)+; }
                    query.$fetch()
                })
            }
            $crate::db::Conn::Postgres(conn) => {
                let mut query = sqlx::query_as::<sqlx::Postgres, _>(sql);
                for $row in $rows { query = query$(.bind($value))+; }
                query.$fetch(&mut **conn).await.map_err($crate::error::StoreError::from)
            }
        }
    }};
    ($conn:ident.execute($sql:expr $(, $value:expr)* $(,)?)) => {{
        let sql = sqlx::SqlSafeStr::into_sql_str($sql);
        match $conn.conn() {
            $crate::db::Conn::Sqlite(conn) => {
                let query = $crate::db::sqlite::Query::new(conn, sql.as_str());
                query.and_then(|query| query$(.bind($value)?)*.execute())
            }
            $crate::db::Conn::Postgres(conn) => {
                let done = sqlx::query::<sqlx::Postgres>(sql)$(.bind($value))*.execute(&mut **conn);
                done.await.map(|done| done.rows_affected()).map_err($crate::error::StoreError::from)
            }
        }
    }};
    ($conn:ident.$fetch:ident($sql:expr $(, $value:expr)* $(,)?)) => {{
        let sql = sqlx::SqlSafeStr::into_sql_str($sql);
        match $conn.conn() {
            $crate::db::Conn::Sqlite(conn) => {
                let query = $crate::db::sqlite::Query::new(conn, sql.as_str());
                query.and_then(|query| query$(.bind($value)?)*.$fetch())
            }
            $crate::db::Conn::Postgres(conn) => sqlx::query_as::<sqlx::Postgres, _>(sql)
                $(.bind($value))*.$fetch(&mut **conn).await
                .map_err($crate::error::StoreError::from),
        }
    }};
}
pub(crate) use statement;
