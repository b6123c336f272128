use dfdx::nn::ZeroGrads;
use dfdx::optim::{Adam, Optimizer as _, Sgd};
use dfdx::prelude::{Cpu, MeanTo, Module, TensorFrom};

use super::*;
use crate::graph::{Linear, builder};

type Network = Linear<3, 2, f32, Cpu>;

fn network() -> Network {
    use dfdx::prelude::DeviceBuildExt;
    Cpu::seed_from_u64(4).build_module::<builder::Linear<3, 2>, f32>()
}

fn gradients(network: &Network, step: u32) -> Gradients<f32, Cpu> {
    let x = Cpu::default().tensor([[1.0, -0.5, step as f32], [0.3, 2.0, -1.0]]);
    let y = network.try_forward(x.traced(network.alloc_grads())).expect("sizes fit");
    (y - 1.0).square().mean().backward()
}

fn bits(network: &Network) -> Vec<u32> {
    let all = network.weight.as_vec().into_iter().chain(network.bias.as_vec());
    all.map(f32::to_bits).collect()
}

/// Every bit of a run by dfdx's own optimizer, after each step.
fn by_dfdx(rule: Rule, steps: u32) -> Vec<Vec<u32>> {
    let mut network = network();
    let mut adam = Adam::new(&network, AdamConfig { lr: 0.02, ..AdamConfig::default() });
    let momentum = match rule {
        Rule::Sgd { momentum } if momentum != 0.0 => Some(Momentum::Classic(momentum)),
        _ => None,
    };
    let mut sgd = Sgd::new(&network, SgdConfig { lr: 0.02, momentum, weight_decay: None });
    let run = |step| {
        let gradients = gradients(&network, step);
        match rule {
            Rule::Adam => adam.update(&mut network, &gradients),
            Rule::Sgd { .. } => sgd.update(&mut network, &gradients),
        }
        .expect("every parameter has a gradient");
        bits(&network)
    };
    (0..steps).map(run).collect()
}

fn ours(rule: Rule, steps: u32, interrupted_after: u32) -> Vec<Vec<u32>> {
    let mut network = network();
    let mut optimizer = Optimizer::<Cpu>::new(rule, 0.02);
    let run = |step| {
        let mut gradients = gradients(&network, step);
        optimizer.update(&mut network, &mut gradients).expect("memory");
        if step + 1 == interrupted_after {
            let mut arrays = Arrays::default();
            optimizer.save(&mut network, "optimizer", &mut arrays).expect("memory");
            // Another object, as of another process.
            optimizer = Optimizer::new(rule, 0.02);
            optimizer
                .restore(&mut network, "optimizer", &arrays, u64::from(interrupted_after))
                .expect("what was saved");
        }
        bits(&network)
    };
    (0..steps).map(run).collect()
}

#[test]
fn every_bit_is_dfdx_s_and_survives_an_interruption() {
    for rule in [Rule::Adam, Rule::Sgd { momentum: 0.0 }, Rule::Sgd { momentum: 0.9 }] {
        let expected = by_dfdx(rule, 8);
        assert_eq!(ours(rule, 8, 0), expected, "{rule:?}");
        assert_eq!(ours(rule, 8, 3), expected, "{rule:?}, resumed");
    }
    // What is compared depends on the rule, and on the state.
    assert_ne!(by_dfdx(Rule::Adam, 3), by_dfdx(Rule::Sgd { momentum: 0.9 }, 3));
    assert_ne!(by_dfdx(Rule::Sgd { momentum: 0.0 }, 3), by_dfdx(Rule::Sgd { momentum: 0.9 }, 3));
}

#[test]
fn a_state_that_was_not_saved_changes_the_steps() {
    // Negative control of the interruption: the moments are dropped, the count is kept.
    let (mut network, mut optimizer) = (network(), Optimizer::<Cpu>::new(Rule::Adam, 0.02));
    for step in 0..6 {
        if step == 3 {
            optimizer = Optimizer::new(Rule::Adam, 0.02);
            optimizer.steps = 3;
        }
        let mut gradients = gradients(&network, step);
        optimizer.update(&mut network, &mut gradients).expect("memory");
    }
    assert_ne!(bits(&network), by_dfdx(Rule::Adam, 6)[5]);
}
