use dfdx::prelude::{AsArray, Cpu, DeviceBuildExt};
use serde_json::json;

use super::*;
use crate::graph::{Linear, builder};

type Network = Linear<3, 2, f32, Cpu>;

fn network(seed: u64) -> Network {
    Cpu::seed_from_u64(seed).build_module::<builder::Linear<3, 2>, f32>()
}

fn checkpoint() -> Checkpoint {
    let mut checkpoint = Checkpoint { state: json!({"step": 7, "loss": 0.1 + 0.2}), ..Checkpoint::default() };
    checkpoint.arrays.put_network("network", &network(1));
    checkpoint
}

fn load(bytes: &[u8]) -> Result<Checkpoint, CheckpointError> {
    Checkpoint::from_bytes(Path::new("a.safetensors"), bytes)
}

#[test]
fn what_was_saved_comes_back_and_others_can_read_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("checkpoint-7.safetensors");
    checkpoint().save(&file).expect("writable");
    let back = Checkpoint::load(&file).expect("sound");
    assert_eq!(back, checkpoint());
    assert_eq!((back.number("step").expect("a number"), back.state["loss"].as_f64()), (7, Some(0.1 + 0.2)));
    let mut other = network(2);
    assert_ne!(other.weight.array(), network(1).weight.array());
    back.arrays.get_network("network", &mut other).expect("the same network");
    assert_eq!(other.weight.array(), network(1).weight.array());
    assert_eq!(other.bias.array(), network(1).bias.array());
    let bytes = std::fs::read(&file).expect("readable");
    let tensors = SafeTensors::deserialize(&bytes).expect("a safetensors file");
    assert_eq!(tensors.tensor("network/weight").expect("a tensor").shape(), [2, 3]);
}

#[test]
fn every_damage_is_refused_with_its_reason() {
    let sound = checkpoint().to_bytes().expect("a checkpoint");
    assert!(load(&sound).is_ok());
    // Cut anywhere.
    for length in 0..sound.len() {
        assert!(load(&sound[..length]).is_err(), "{length} bytes");
    }
    // One bit anywhere: in the length, the header, the arrays.
    for byte in 0..sound.len() {
        let mut flipped = sound.clone();
        flipped[byte] ^= 0x10;
        let Ok(loaded) = load(&flipped) else { continue };
        // White space or the like: nothing that is read has changed.
        assert_eq!(loaded, checkpoint(), "byte {byte}");
    }
    let mut weight = sound.clone();
    *weight.last_mut().expect("not empty") ^= 1;
    assert!(matches!(load(&weight), Err(CheckpointError::Checksum { .. })));
    let message = load(b"not a checkpoint at all").expect_err("damaged").to_string();
    assert!(message.starts_with("a.safetensors: damaged, or no safetensors file"), "{message}");
}

#[test]
fn other_programs_files_and_other_networks_are_foreign() {
    let data = [0; 4];
    let view = || TensorView::new(Dtype::F32, vec![1], &data).expect("one number");
    let other = safetensors::serialize([("w", view())], None).expect("a file");
    let message = load(&other).expect_err("foreign").to_string();
    assert_eq!(message, "a.safetensors: no checkpoint of this program: its header has no `newton_losses`");
    let header = HashMap::from([(KEY.to_owned(), r#"{"format": 2, "new": "things"}"#.to_owned())]);
    let newer = safetensors::serialize([("w", view())], Some(header)).expect("a file");
    let message = load(&newer).expect_err("foreign").to_string();
    assert!(message.ends_with("its `format` is 2, expected 1"), "{message}");

    let arrays = checkpoint().arrays;
    let mut wider = Cpu::default().build_module::<builder::Linear<4, 2>, f32>();
    let message = arrays.get_network("network", &mut wider).expect_err("another size").to_string();
    assert!(message.contains("`network/weight` has shape [2, 3], expected [2, 4]"), "{message}");
    let message = arrays.get_network("best", &mut network(1)).expect_err("not there").to_string();
    assert!(message.contains("no array `best/weight`"), "{message}");
    let message = checkpoint().number("steps").expect_err("not there").to_string();
    assert_eq!(message, "the checkpoint's `steps` is missing, expected a whole number");
    let message = checkpoint().number("loss").expect_err("not whole").to_string();
    assert!(message.starts_with("the checkpoint's `loss` is 0.3"), "{message}");
}
