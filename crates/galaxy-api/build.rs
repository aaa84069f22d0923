//! Has the page embedded anew when it was built anew, and keeps a release from being made
//! without one by accident.
#![expect(clippy::disallowed_methods, reason = "how cargo speaks to a build script")]

use std::{env, fs, path::Path};

fn main() {
    let dist = Path::new("../../web/dist");
    // A folder that is missing counts as changed in every build.
    let _ = fs::create_dir_all(dist);
    println!("cargo::rerun-if-changed={}", dist.display());
    println!("cargo::rerun-if-env-changed=GALAXY_WITHOUT_PAGE");
    let release = env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let wanted = env::var("GALAXY_WITHOUT_PAGE").is_err();
    assert!(
        !release || !wanted || dist.join("index.html").exists(),
        "the page is not built: run `cargo xtask serve`, or `npm ci && npm run build` in web/, \
         or set GALAXY_WITHOUT_PAGE=1 to do without"
    );
}
