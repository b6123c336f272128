//! Writes the CUDA texts that are the same for all losses to where `.ci/nvrtc.py` finds them: what a GPU's compiler would get.

use newton_runtime::cuda::black_boxes;
use std::path::Path;

#[test]
fn texts_of_black_boxes() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cuda-sources");
    std::fs::create_dir_all(&folder).expect("the folder is writable");
    for (name, text) in black_boxes() {
        // It needs no header, and has kernels for both types of numbers.
        assert!(!text.contains("#include"), "{name}");
        assert!(text.contains("(f32, float)") && text.contains("(f64, double)"), "{name}");
        std::fs::write(folder.join(format!("black_boxes-{name}.cu")), text).expect("the folder is writable");
    }
}
