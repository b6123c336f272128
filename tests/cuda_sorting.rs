//! The bundled losses as CUDA, on the host, against the CPU's f64: sizes at and around powers of two and warps.

#[path = "support/cuda/mod.rs"]
mod cuda;

use cuda::Program;
use cuda::compare::compare_in;
use newton_losses::cuda::Unit;
use newton_losses::losses::*;

/// Scores between -1 and 1, and a permutation.
fn sample<const N: usize>(i: usize) -> (Vec<f64>, [[f64; N]; N]) {
    let noise = |j: usize| ((i * 7919 + j * 104_729 + 13) as f64 * 0.618_033_988_749).fract() * 2.0 - 1.0;
    let mut target = [[0.0; N]; N];
    for (j, row) in target.iter_mut().enumerate() {
        row[(j * (1 + i % 2) + i) % N] = 1.0;
    }
    ((0..N).map(noise).collect(), target)
}

/// SoftSort with some sizes, in one program.
macro_rules! soft_sort {
    ($($name:ident: $($n:literal)*;)*) => {$(
        #[test]
        fn $name() {
            let units = vec![$(unit(&SoftSort::<$n>::new(0.5))),*];
            let Some(program) = Program::build(units) else { return };
            let mut at = 0..;
            $(
                let unit = at.next().unwrap();
                compare_in(concat!("soft_sort ", $n), &program, unit, &SoftSort::<$n>::new(0.5), &[5], sample::<$n>);
            )*
        }
    )*};
}

soft_sort! {
    soft_sort_2_to_9: 2 3 4 5 6 7 8 9;
    soft_sort_10_to_17: 10 11 12 13 14 15 16 17;
    soft_sort_18_to_25: 18 19 20 21 22 23 24 25;
    soft_sort_26_to_33: 26 27 28 29 30 31 32 33;
}

/// The other losses with a size, in one program.
macro_rules! others {
    ($($name:ident: $n:literal, $batches:expr;)*) => {$(
        #[test]
        fn $name() {
            let neural = NeuralSort::<$n>::new(1.0);
            let stable = stable::SoftSort::<$n>::new(0.5);
            let odd_even = LogisticOddEven::<$n>::new(4.0);
            let bitonic = CauchyBitonic::<$n>::new(4.0);
            let units = vec![unit(&neural), unit(&stable), unit(&odd_even), unit(&bitonic)];
            let Some(program) = Program::build(units) else { return };
            compare_in(concat!("neural_sort ", $n), &program, 0, &neural, $batches, sample::<$n>);
            compare_in(concat!("stable ", $n), &program, 1, &stable, $batches, sample::<$n>);
            compare_in(concat!("odd_even ", $n), &program, 2, &odd_even, $batches, sample::<$n>);
            compare_in(concat!("bitonic ", $n), &program, 3, &bitonic, $batches, sample::<$n>);
        }
    )*};
}

others! {
    others_of_2: 2, &[5];
    others_of_3: 3, &[1, 33];
    others_of_5: 5, &[1, 5, 19, 33];
    others_of_8: 8, &[5];
    others_of_10: 10, &[5];
    others_of_16: 16, &[5];
    others_of_17: 17, &[2];
    others_of_32: 32, &[2];
    others_of_33: 33, &[2];
}

/// All six distributions.
#[test]
fn distributions() {
    macro_rules! each {
        ($($distribution:ident)*) => {
            let units = vec![$(unit(&OddEven::<4, $distribution>::new(1.5))),*];
            let Some(program) = Program::build(units) else { return };
            let mut at = 0..;
            $(
                let loss = OddEven::<4, $distribution>::new(1.5);
                compare_in(stringify!($distribution), &program, at.next().unwrap(), &loss, &[5], sample::<4>);
            )*
        };
    }
    each!(LOGISTIC LOGISTIC_PHI CAUCHY GAUSSIAN RECIPROCAL OPTIMAL);
}

/// "For" with the absolute difference, and "While" with the squared one, whose number of steps differs between samples.
#[test]
fn bellman_ford() {
    let costs = |i: usize| -> (Vec<f64>, [[f64; 4]; 3]) {
        let cost = |j: usize| 0.2 + ((i * 31 + j * 17 + 5) as f64 * 0.618_033_988_749).fract();
        let mut path = [[0.0; 4]; 3];
        for j in 0..3 {
            path[j][j + i % 2] = 1.0;
        }
        ((0..12).map(cost).collect(), path)
    };
    let plain = BellmanFord::<3, 4>::new(10.0, 4, 4, false);
    let until = BellmanFordWhile::<3, 4>::new(10.0, 4, 6, true);
    let Some(program) = Program::build(vec![unit(&plain), unit(&until)]) else { return };
    compare_in("bellman_ford", &program, 0, &plain, &[1, 5, 19, 33], costs);
    compare_in("bellman_ford_while", &program, 1, &until, &[1, 5, 19, 33], costs);
}

fn unit(loss: &impl newton_losses::kernel::Kernel) -> (Unit, usize) {
    let unit = Unit::of(loss).expect("it has a text");
    let tangents = unit.tangents();
    (unit, tangents)
}
