//! Plain algorithms, relaxed, against numbers of the AlgoVision package.
use newton_losses::loss::NewtonLoss;
use newton_losses::prelude::*;

/// Swaps of a bubble sort.
#[newton_loss(hessian, lambda = 1.0, relax(logistic, beta = 5.0, max_iter = 1024))]
pub fn bubble_swaps<const N: usize>(array: &[f32; N]) -> f32 {
    let mut array = *array;
    let mut swaps = 0.0;
    let mut swapped = true;
    let mut n = N - 1;
    while swapped {
        swapped = false;
        for i in 0..n {
            if array[i] > array[i + 1] {
                array.swap(i, i + 1);
                swapped = true;
                swaps += 1.0;
            }
        }
        n = n.saturating_sub(1);
    }
    swaps
}

#[test]
fn bubble_sort() {
    let x = [0.3, -1.2, 0.8, 2.1, -0.5];
    let out = BubbleSwaps::<5>::new().gradients(&x, &[()]).unwrap();
    println!("{:?}", out);
    assert!((out.values[0] - 4.193444571217112_f64).abs() < 1e-9);
    for (a, b) in out.gradients.iter().zip([
        0.9949660549137828,
        0.13016260704203916,
        -0.8980225892235383,
        -0.0029885340851509615,
        -0.22411753864713274,
    ]) {
        assert!((a - b).abs() < 1e-9, "{a} {b}");
    }
    assert_eq!(bubble_swaps(&[0.3, -1.2, 0.8, 2.1, -0.5]), 4.0);
    let check = gradcheck(&BubbleSwaps::<5>::new(), &x, &[()]).unwrap();
    assert!(check.passed(), "{check}");
}
