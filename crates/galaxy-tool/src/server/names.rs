//! The names under which a server's tools are offered to models.

use sha2::{Digest, Sha256};

use crate::server::spec::ServerName;

/// Stands between the name of the server and that of the tool.
const BETWEEN: &str = "__";
/// What model APIs accept.
const NAME_CHARS: usize = 64;
/// How much of a digest tells changed names apart.
const DIGEST_CHARS: usize = 12;

/// `server__tool`. A name that is too long or holds other characters than `[a-zA-Z0-9_-]` is
/// changed and ends in a digest of the original, so that it stays the same whatever else the
/// server offers.
pub fn offered(server: &ServerName, tool: &str) -> String {
    let plain = plain(server, tool);
    let allowed = |it: char| it.is_ascii_alphanumeric() || it == '_' || it == '-';
    if plain.len() <= NAME_CHARS && plain.chars().all(allowed) {
        return plain;
    }
    let mut digest = hex::encode(Sha256::digest(tool.as_bytes()));
    digest.truncate(DIGEST_CHARS);
    let replaced = plain.chars().map(|it| if allowed(it) { it } else { '_' });
    let kept: String = replaced.take(NAME_CHARS - DIGEST_CHARS - 1).collect();
    format!("{kept}_{digest}")
}

/// The server in a name that was made by [`offered`]; no name of a server holds what stands between.
pub fn server_of(offered: &str) -> Option<&str> {
    offered.split_once(BETWEEN).map(|(server, _)| server)
}

/// `server__tool`, whatever it holds.
pub(crate) fn plain(server: &ServerName, tool: &str) -> String {
    format!("{server}{BETWEEN}{tool}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_and_do_not_depend_on_each_other() {
        let server = ServerName::parse("my-files").unwrap();
        assert_eq!(offered(&server, "read_file"), "my-files__read_file");
        assert_eq!(server_of("my-files__read__file"), Some("my-files"));
        let odd = offered(&server, "read.file/ünï");
        assert!(odd.starts_with("my-files__read_file__n__"), "{odd}");
        assert_ne!(odd, offered(&server, "read_file/ünï"));
        let long = offered(&server, &"x".repeat(200));
        assert_eq!(long.len(), 64);
        assert_ne!(long, offered(&server, &"x".repeat(201)));
        assert_eq!(offered(&server, &"x".repeat(54)).len(), 64);
        let hidden = offered(&server, "read\u{200b}_file");
        assert!(hidden.starts_with("my-files__read__file_"), "{hidden}");
    }
}
