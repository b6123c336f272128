//! Writes the kernels of the Newton step where CI finds what a GPU's compiler would get (`.ci/nvrtc.py`).

use newton_runtime::cuda::{Element, newton};
use std::path::Path;

#[test]
fn texts_for_both_types() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cuda-sources");
    std::fs::create_dir_all(&folder).expect("the folder is writable");
    for element in [Element::F32, Element::F64] {
        let text = newton::kernels(element);
        assert!(text.contains(&format!("using Element = {};", element.name())));
        std::fs::write(folder.join(format!("newton_step-{}.cu", element.name())), text)
            .expect("the folder is writable");
    }
}
