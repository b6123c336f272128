//! Indices and neighbours that are relaxed, or guarded, as plain Rust.
use newton_losses::prelude::*;

#[newton_loss(hessian, lambda = 1.0, relax(logistic, beta = beta))]
pub fn matrix_moves(y: &[[f32; 4]; 3], beta: f32) -> f32 {
    let mut table = *y;
    let row = argmin(&[table[0][0], table[1][0], table[2][0]]);
    let picked = table[row];
    let column = argmax(&picked);
    let mut loss = picked[column];
    table[row][column] = 0.5;
    table[row][1] = table[2][3];
    table[row] = picked.map(|x| x / 2.0);
    table[0][column] += 1.0;
    for cells in &table {
        for x in cells {
            loss += x * x;
        }
    }
    loss + min(&table[1]) * max(&table[0])
}

#[newton_loss(hessian, lambda = 1.0, relax(logistic, beta = beta))]
pub fn dijkstra<const N: usize>(y: &[[f32; N]; N], beta: f32) -> f32 {
    let mut d = [10.0; N];
    d[0] = 0.0;
    let mut visited = [false; N];
    for _ in 0..N {
        let open: [f32; N] = std::array::from_fn(|i| if visited[i] { 20.0 } else { d[i] });
        let k = argmin(&open);
        visited[k] = true;
        for j in 0..N {
            let through = d[k] + y[k][j];
            if through < d[j] {
                d[j] = through;
            }
        }
    }
    d[N - 1]
}

#[newton_loss(hessian, lambda = 1.0, relax(logistic, beta = beta, t_conorm = hamacher(0.5)))]
pub fn peaks<const N: usize>(y: &[f32; N], beta: f32) -> f32 {
    let mut score = 0.0;
    for i in 0..N {
        let left = i == 0 || y[i] > y[i - 1];
        if left && (i + 1 == N || y[i] > y[i + 1]) {
            score += y[i];
        }
        if y[i] > 0.0 && i + 1 < N && y[i + 1] > 0.25 && y[i + 1] != y[i] {
            score += 1.0;
        }
        let inner = y[i] < 1.0 && i > 0;
        if inner && y[i - 1] < 1.0 || y[0] > y[i] + 0.125 {
            score *= 1.125;
        }
    }
    score
}

#[newton_fn(relax(logistic, beta = steep))]
pub fn leaky(x: f32, steep: f32) -> f32 {
    if x > 0.0 { x } else { 0.25 * x }
}

#[newton_loss(hessian, lambda = 1.0, relax(logistic, beta = beta))]
pub fn picks<const N: usize>(
    y: &[f32; N],
    gain: &[i32; N],
    open: &[bool; N],
    row: &usize,
    beta: f32,
    steep: f32,
) -> f32 {
    let k = argmax(y);
    let mut loss = gain[k] as f32 * y[0];
    if open[k] || y[argmin(y)] > -0.5 {
        loss += y[k];
    }
    let mut counts = [0.0; N];
    counts[argmax(y)] += 2.0;
    loss + counts[*row] + leaky(y[1], steep)
}
