//! The bundled losses as CUDA, on the host, against the CPU.

#[path = "support/cuda/mod.rs"]
mod cuda;

use cuda::{Batch, Kind, Launch, Program};
use newton_losses::cuda::Unit;
use newton_losses::losses::SoftSort;
use newton_losses::loss::NewtonLoss;

#[test]
fn first() {
    let loss = SoftSort::<5>::new(0.1);
    let unit = Unit::of(&loss).unwrap();
    println!("{}", unit.text());
    let k = unit.tangents();
    let Some(program) = Program::build(vec![(unit, k)]) else { return };
    let y = [0.3, -0.2, 0.9, 0.1, 0.5];
    let mut label = [[0.0; 5]; 5];
    for i in 0..5 { label[i][(i + 2) % 5] = 1.0; }
    let batch = Batch { samples: 1, predictions: y.to_vec(), labels: label.as_flattened().to_vec(), ..Batch::default() };
    let out = program.run::<f64>(0, &[(Kind::Gradients, Launch::default()), (Kind::Mean, Launch::default())], &batch);
    println!("{out:?} {:?} {:?}", loss.gradients(&y, &[label]), loss.mean_hessian(&y, &[label]));
}
