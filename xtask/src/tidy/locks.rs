//! Lock files and settings name no host to fetch packages from: whoever builds decides that.

use crate::files::File;

/// How the source that cargo writes for its default registry ends.
const CARGO_DEFAULT: &str = "/crates.io-index\"";

/// Hosts of registries in lock files, and settings that name one.
pub(super) fn complaints(texts: &[File]) -> Vec<String> {
    texts.iter().flat_map(about).collect()
}

fn about(file: &File) -> Vec<String> {
    let wrong: fn(&str) -> bool = match file.name() {
        "Cargo.lock" => |line| line.starts_with("source = ") && !line.ends_with(CARGO_DEFAULT),
        "package-lock.json" => |line| line.starts_with("\"resolved\": \"http"),
        ".npmrc" => |line| line.contains("registry=") || line.starts_with("//"),
        "config.toml" => |line| line.starts_with("[source") || line.starts_with("[registr"),
        _ => return Vec::new(),
    };
    let lines = file.text.lines().enumerate();
    let found = lines.filter(|(_, line)| wrong(line.trim()));
    found
        .map(|(idx, line)| {
            let (path, line) = (&file.path, line.trim());
            format!("{path}:{}: names where packages come from: {line}", idx + 1)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{super::file, *};

    #[test]
    fn a_lock_file_with_a_host_is_reported_and_one_without_is_not() {
        let with = "{\n  \"resolved\": \"https://packages.example/a.tgz\",\n}";
        assert_eq!(complaints(&[file("web/package-lock.json", with)]).len(), 1);
        let without = "{\n  \"version\": \"1.0.0\",\n  \"integrity\": \"sha512-…\"\n}";
        assert_eq!(complaints(&[file("web/package-lock.json", without)]), [""; 0]);
    }

    #[test]
    fn crates_come_from_where_cargo_looks_by_itself() {
        let default = format!("source = \"registry+https://packages.example{CARGO_DEFAULT}");
        assert_eq!(complaints(&[file("Cargo.lock", &default)]), [""; 0]);
        let other = "source = \"git+https://code.example/a\"";
        assert_eq!(complaints(&[file("Cargo.lock", other)]).len(), 1);
    }

    #[test]
    fn the_setting_that_keeps_hosts_out_is_no_host() {
        let texts = [file("web/.npmrc", "omit-lockfile-registry-resolved=true\n")];
        assert_eq!(complaints(&texts), [""; 0]);
        assert_eq!(complaints(&[file("web/.npmrc", "registry=https://a.example\n")]).len(), 1);
    }
}
