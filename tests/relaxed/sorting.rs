//! Orders: sorting, counting, picking, as plain Rust.
use newton_losses::prelude::*;

#[newton_loss(hessian, lambda = 1.0, relax(logistic, beta = beta, max_iter = most))]
pub fn cocktail_sort<const N: usize>(y: &[f32; N], target: &[f32; N], beta: f32, most: usize) -> f32 {
    let mut array = *y;
    let (mut swaps, mut swapped) = (0.0, true);
    while swapped {
        swapped = false;
        for i in 1..N {
            if array[i - 1] > array[i] {
                array.swap(i - 1, i);
                swapped = true;
                swaps += 1.0;
            }
        }
        for i in (1..N).rev() {
            if array[i - 1] > array[i] {
                array.swap(i - 1, i);
                swapped = true;
                swaps += 1.0;
            }
        }
    }
    let off: f32 = array.iter().zip(target).map(|(a, t)| (a - t).powi(2)).sum();
    off + 0.25 * swaps
}

#[newton_loss(hessian, lambda = 1.0, relax(logistic, beta = beta, max_iter = most))]
pub fn bubble_swaps<const N: usize>(array: &[f32; N], beta: f32, most: usize) -> f32 {
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

#[newton_loss(hessian, lambda = 1.0, relax(logistic, beta = beta, max_iter = most))]
pub fn insertion_sort<const N: usize>(y: &[f32; N], weight: &[f32; N], beta: f32, most: usize) -> f32 {
    let mut array = *y;
    for i in 1..N {
        let mut j = i;
        while j > 0 && array[j - 1] > array[j] {
            array.swap(j - 1, j);
            j -= 1;
        }
    }
    dot(&array, weight)
}

#[newton_loss(hessian, lambda = 1.0, relax(logistic, beta = beta))]
pub fn selection_sort<const N: usize>(y: &[f32; N], target: &[f32; N], beta: f32) -> f32 {
    let mut rest = *y;
    let mut sorted = [0.0; N];
    for i in 0..N {
        let k = argmin(&rest);
        sorted[i] = rest[k];
        rest[k] = 8.0;
    }
    sorted.iter().zip(target).map(|(a, t)| (a - t).powi(2)).sum()
}

#[newton_loss(hessian, lambda = 1.0, relax(logistic, beta = beta))]
pub fn most_common<const N: usize>(y: &[f32; N], beta: f32) -> f32 {
    let mut counts = [0.0; N];
    for i in 0..N {
        for j in 0..N {
            if y[i] == y[j] {
                counts[i] += 1.0;
            }
        }
    }
    y[argmax(&counts)] * counts[argmax(&counts)] + 0.125 * counts[0].powi(2)
}

#[newton_loss(hessian, lambda = 1.0, relax(logistic, beta = beta))]
pub fn order_statistic<const N: usize>(y: &[f32; N], rank: &usize, beta: f32) -> f32 {
    let mut found = 0.0;
    for i in 0..N {
        let mut below = 0.0;
        for j in 0..N {
            if i != j && y[j] < y[i] {
                below += 1.0;
            }
        }
        if below == *rank as f32 {
            found += y[i];
        }
    }
    found
}
