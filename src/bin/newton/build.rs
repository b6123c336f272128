//! Tells the program `newton` from which revision it was built; everybody else has nothing to do with it.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=src/bin/newton/build.rs");
    if std::env::var_os("CARGO_FEATURE_CLI").is_none() {
        return;
    }
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    // Of this repository, not of one that the package was unpacked in.
    let ours = git(&["ls-files", "--error-unmatch", "src/bin/newton/build.rs"]).is_some();
    if let (true, Some(revision)) = (ours, git(&["rev-parse", "HEAD"])) {
        println!("cargo::rustc-env=NEWTON_GIT_REVISION={revision}");
        let dirty =
            git(&["status", "--porcelain", "--untracked-files=no"]).is_none_or(|changes| !changes.is_empty());
        println!("cargo::rustc-env=NEWTON_GIT_DIRTY={dirty}");
        for folder in ["src", "newton-runtime/src", "newton-macros/src"] {
            println!("cargo::rerun-if-changed={folder}");
        }
        for file in ["HEAD", "index"] {
            let path = git(&["rev-parse", "--git-path", file]).unwrap_or_default();
            if Path::new(&path).exists() {
                println!("cargo::rerun-if-changed={path}");
            }
        }
    }
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    let version = Command::new(rustc).arg("--version").output();
    let version = version.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    println!("cargo::rustc-env=NEWTON_RUSTC={}", version.unwrap_or_default());
    for name in ["TARGET", "PROFILE"] {
        println!("cargo::rustc-env=NEWTON_{name}={}", std::env::var(name).unwrap_or_default());
    }
}
