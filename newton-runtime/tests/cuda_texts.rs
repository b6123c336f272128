//! Writes the kernels that are not of a loss where a GPU's compiler is run over them (`.ci/nvrtc.py`), beside those of losses.

use std::path::Path;

use newton_runtime::cuda::texts;

#[test]
fn are_written_for_the_compiler() {
    // The same folder as that of the facade's tests: the workspace has one target directory.
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cuda-sources");
    std::fs::create_dir_all(&folder).expect("the folder is writable");
    let texts = texts();
    assert!(texts.len() >= 4);
    for (name, text) in texts {
        assert!(text.contains("extern \"C\" __global__"), "{name} has no kernel");
        // NVRTC finds no files.
        assert!(!text.contains("#include"), "{name} includes something");
        std::fs::write(folder.join(format!("library-{name}.cu")), text).expect("the folder is writable");
    }
}
