//! draft
use dfdx::optim::{Adam, AdamConfig};
use dfdx::prelude::*;
use newton_losses::models::MnistCnn;
use std::time::Instant;
fn main() {
    let dev: Cpu = Default::default();
    let b: usize = 500;
    let mut net = MnistCnn::new(&dev).unwrap();
    let x: Tensor<(usize, usize, usize, usize), f32, _> = dev.sample_uniform_like(&(b, 1, 28, 112));
    let mut opt = Adam::new(&net, AdamConfig::default());
    let mut grads = net.alloc_grads();
    for _ in 0..10 {
        let t0 = Instant::now();
        let y = net.try_forward(x.clone().traced(grads)).unwrap();
        let loss = y.square().mean();
        let l = loss.array();
        let tf = t0.elapsed();
        grads = loss.backward();
        let tb = t0.elapsed();
        opt.update(&mut net, &grads).unwrap();
        net.zero_grads(&mut grads);
        let t = t0.elapsed();
        println!("loss {l:.6} fwd {:?} bwd {:?} adam {:?} total {:?}", tf, tb - tf, t - tb, t);
    }
}
