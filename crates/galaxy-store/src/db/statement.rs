//! One statement text for both engines.

/// Runs one statement on whichever engine `$conn` (a [`Conn`](super::Conn) or a
/// [`Tx`](super::Tx)) is connected to: `statement!(conn.execute(SQL, values…))` gives the number of
/// changed rows, and `fetch_all`, `fetch_optional` and `fetch_one` give tuples or structs that
/// derive `sqlx::FromRow`. `statement!(tx.later(SQL, values…))` gives nothing and may wait until
/// the next statement or the end of the change. The text is a constant with `$1` placeholders;
/// ids are bound as `id.uuid()`. With `for pattern in rows => values…` instead of values, those of
/// all rows are bound in turn.
macro_rules! statement {
    ($tx:ident.later($sql:expr, for $row:pat in $rows:expr => $($value:expr),+ $(,)?)) => {{
        let sql = $sql;
        match $tx.later() {
            $crate::db::tx::Target::Sqlite(later) => {
                later.start(sql);
                let mut bound = Ok(());
                for $row in $rows { bound = bound$(.and_then(|()| later.bind($value)))+; }
                bound
            }
            $crate::db::tx::Target::Postgres(conn) => {
                let mut query = sqlx::query::<sqlx::Postgres>(sql);
                for $row in $rows { query = query$(.bind($value))+; }
                query.execute(&mut **conn).await.map(drop).map_err($crate::error::StoreError::from)
            }
        }
    }};
    ($tx:ident.later($sql:expr $(, $value:expr)* $(,)?)) => {{
        let sql = $sql;
        match $tx.later() {
            $crate::db::tx::Target::Sqlite(later) => {
                later.start(sql);
                Ok(())$(.and_then(|()| later.bind($value)))*
            }
            $crate::db::tx::Target::Postgres(conn) => sqlx::query::<sqlx::Postgres>(sql)
                $(.bind($value))*.execute(&mut **conn).await.map(drop)
                .map_err($crate::error::StoreError::from),
        }
    }};
    ($conn:ident.execute($sql:expr, for $row:pat in $rows:expr => $($value:expr),+ $(,)?)) => {{
        let sql = $sql;
        match $conn.ready().await {
            Ok($crate::db::Conn::Sqlite(conn)) => {
                let mut query = sqlx::query::<sqlx::Sqlite>(sql);
                for $row in $rows { query = query$(.bind($value))+; }
                let done = query.execute(&mut **conn).await;
                done.map(|done| done.rows_affected()).map_err($crate::error::StoreError::from)
            }
            Ok($crate::db::Conn::Postgres(conn)) => {
                let mut query = sqlx::query::<sqlx::Postgres>(sql);
                for $row in $rows { query = query$(.bind($value))+; }
                let done = query.execute(&mut **conn).await;
                done.map(|done| done.rows_affected()).map_err($crate::error::StoreError::from)
            }
            Err(err) => Err(err),
        }
    }};
    ($conn:ident.$fetch:ident($sql:expr, for $row:pat in $rows:expr => $($value:expr),+ $(,)?)) => {{
        let sql = $sql;
        match $conn.ready().await {
            Ok($crate::db::Conn::Sqlite(conn)) => {
                let mut query = sqlx::query_as::<sqlx::Sqlite, _>(sql);
                for $row in $rows { query = query$(.bind($value))+; }
                query.$fetch(&mut **conn).await.map_err($crate::error::StoreError::from)
            }
            Ok($crate::db::Conn::Postgres(conn)) => {
                let mut query = sqlx::query_as::<sqlx::Postgres, _>(sql);
                for $row in $rows { query = query$(.bind($value))+; }
                query.$fetch(&mut **conn).await.map_err($crate::error::StoreError::from)
            }
            Err(err) => Err(err),
        }
    }};
    ($conn:ident.execute($sql:expr $(, $value:expr)* $(,)?)) => {{
        let sql = $sql;
        match $conn.ready().await {
            Ok($crate::db::Conn::Sqlite(conn)) => {
                let done = sqlx::query::<sqlx::Sqlite>(sql)$(.bind($value))*.execute(&mut **conn);
                done.await.map(|done| done.rows_affected()).map_err($crate::error::StoreError::from)
            }
            Ok($crate::db::Conn::Postgres(conn)) => {
                let done = sqlx::query::<sqlx::Postgres>(sql)$(.bind($value))*.execute(&mut **conn);
                done.await.map(|done| done.rows_affected()).map_err($crate::error::StoreError::from)
            }
            Err(err) => Err(err),
        }
    }};
    ($conn:ident.$fetch:ident($sql:expr $(, $value:expr)* $(,)?)) => {{
        let sql = $sql;
        match $conn.ready().await {
            Ok($crate::db::Conn::Sqlite(conn)) => sqlx::query_as::<sqlx::Sqlite, _>(sql)
                $(.bind($value))*.$fetch(&mut **conn).await
                .map_err($crate::error::StoreError::from),
            Ok($crate::db::Conn::Postgres(conn)) => sqlx::query_as::<sqlx::Postgres, _>(sql)
                $(.bind($value))*.$fetch(&mut **conn).await
                .map_err($crate::error::StoreError::from),
            Err(err) => Err(err),
        }
    }};
}
pub(crate) use statement;
