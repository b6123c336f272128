//! Loops that end when a condition on floats says so, as plain Rust.
use newton_losses::prelude::*;

#[newton_loss(hessian, lambda = 1.0, relax(logistic, beta = beta, max_iter = most))]
pub fn bisection(y: &[f32; 3], tolerance: &f32, beta: f32, most: usize) -> f32 {
    let [a, b, c] = *y;
    let value = |x: f32| a * x * x * x + b * x;
    let (mut low, mut high) = (0.0, 2.0);
    while high - low > *tolerance {
        let middle = 0.5 * (low + high);
        if value(middle) < 2.0 * c {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

#[newton_loss(hessian, lambda = 1.0, relax(logistic, beta = beta, max_iter = most))]
pub fn newton_root<const N: usize>(y: &[f32; N], beta: f32, most: usize) -> f32 {
    let mut loss = 0.0;
    for a in y {
        let (mut x, mut steps) = (1.0, 0.0);
        while (x * x - a).abs() > 0.0625 || steps < 1.5 {
            x = 0.5 * (x + a / x);
            steps += 1.0;
        }
        loss += x + 0.125 * steps * x;
    }
    loss
}

#[newton_loss(hessian, lambda = 1.0, relax(logistic, beta = beta, max_iter = most))]
pub fn gcd(y: &[f32; 2], beta: f32, most: usize) -> f32 {
    let (mut a, mut b) = (y[0], y[1]);
    while a != b {
        if a > b {
            a -= b;
        } else {
            b -= a;
        }
    }
    a
}

#[newton_loss(hessian, lambda = 1.0, relax(logistic, beta = beta, max_iter = most))]
pub fn halvings<const N: usize>(y: &[f32; N], beta: f32, most: usize) -> f32 {
    let (mut loss, mut count) = (0.0, 0.0);
    for x in y {
        let mut x = *x;
        while x > 1.0 {
            if x > 3.0 {
                x *= 0.5;
                count += 1.0;
            } else {
                x -= 0.75;
                count += 0.5;
            }
        }
        loss += x * x;
    }
    loss * (1.0 + count)
}

#[newton_loss(hessian, lambda = 1.0, relax(logistic, beta = beta, max_iter = most))]
pub fn loops_in_loops(y: &[f32; 2], beta: f32, most: usize) -> f32 {
    let mut left = y[0];
    let (mut part, mut total) = (0.0, 0.0);
    while left > 0.5 {
        part = left;
        while part > 0.25 * y[1] {
            part *= 0.625;
            total += part * part;
        }
        if total > left {
            while part < 0.5 {
                part += 0.1875;
            }
        } else {
            total *= 1.125;
        }
        left -= 0.25 + 0.5 * part;
    }
    total * left + part
}

#[newton_loss(hessian, lambda = 1.0, relax(logistic, beta = beta, max_iter = most))]
pub fn journey(y: &[f32; 3], full: &f32, beta: f32, most: usize) -> f32 {
    let [goal, thirst, tired] = *y;
    let (mut place, mut fuel, mut speed) = (0.0, *full, 0.5);
    while !(place > goal || fuel < 0.0) && (speed > 0.25 || place == 0.0) {
        place += 0.5 * speed;
        fuel -= 0.25 * thirst * speed * speed;
        if place > fuel {
            speed *= 0.75 * tired;
        }
    }
    place * fuel + speed
}

#[newton_loss(hessian, lambda = 1.0, relax(logistic, beta = beta, max_iter = most, epsilon = 0.05))]
pub fn coarse(y: &[f32; 3], beta: f32, most: usize) -> f32 {
    let (mut x, mut cost) = (2.0, 0.0);
    while x > cost {
        x -= 0.25 * y[0];
        if x > y[1] {
            cost += 0.125 * x * x;
        } else if x < 0.25 * y[2] {
            cost *= 1.5;
        } else {
            cost += 0.0625 * x;
        }
    }
    x * x + cost
}
