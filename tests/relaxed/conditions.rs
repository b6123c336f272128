//! Branches, as plain Rust.
use newton_losses::prelude::*;

#[newton_loss(hessian, lambda = 1.0, relax(logistic, beta = beta))]
pub fn comparisons(y: &[f32; 6], bound: &f32, beta: f32) -> f32 {
    let [a, b, c, d, e, f] = *y;
    let mut score = 0.0;
    if a < b {
        score += c;
    }
    if b <= c {
        score += 2.0 * a;
    } else {
        score -= d * d;
    }
    if c > *bound {
        score *= e;
    }
    if d >= e {
        score += a * f;
    }
    if e == f {
        score += 3.0 * b;
    }
    if a != f {
        score -= c * f;
    } else {
        score *= 0.5;
    }
    score
}

#[newton_loss(hessian, lambda = 1.0, relax(logistic, beta = beta))]
pub fn brackets<const N: usize>(y: &[f32; N], married: &bool, paid: &[f32; N], beta: f32) -> f32 {
    let mut loss = 0.0;
    for (&x, paid) in y.iter().zip(paid) {
        let tax = if x < 1.0 {
            0.0
        } else if x < 2.0 {
            0.25 * (x - 1.0)
        } else if x < 3.5 {
            if *married {
                0.2 * x
            } else {
                let over = x - 2.0;
                0.25 + over * over
            }
        } else {
            x * 0.5
        };
        loss += (tax - paid).powi(2);
    }
    loss
}

/// The same with each t-conorm.
macro_rules! fence {
    ($name:ident, $($conorm:tt)*) => {
        #[newton_loss(hessian, lambda = 1.0, relax(logistic, beta = beta, t_conorm = $($conorm)*))]
        pub fn $name(y: &[f32; 4], beta: f32) -> f32 {
            let inside = y[0] > -1.0 && y[0] < 1.0 && y[1] * y[1] < 2.0;
            let near = y[0] > 1.5 || y[1] > 1.5 || y[0] + y[1] < -0.5;
            let mut loss = if inside && !near || y[2] > 1.0 { y[2] * y[2] } else { y[0] - y[1] };
            let mut flag = false;
            for x in y {
                if !(*x > -0.5) || *x > 0.75 {
                    flag = true;
                }
                if !(flag || (inside && *x > 0.25)) {
                    loss += x * y[0];
                }
            }
            if y.iter().any(|x| *x > 1.0) {
                loss += y[3];
            }
            if y.iter().all(|x| *x < 1.25) {
                loss -= y[1] * y[1];
            }
            if flag == near {
                loss *= 1.0 + y[2];
            }
            loss
        }
    };
}

fence!(fence_probabilistic, probabilistic);
fence!(fence_hamacher, hamacher(0.5));
fence!(fence_yager, yager);

#[newton_loss(hessian, lambda = 1.0, relax(logistic, beta = beta))]
pub fn activations(y: &[f32; 4], beta: f32) -> f32 {
    let mut loss = 0.0;
    for &x in y {
        let relu = if x > 0.0 { x } else { 0.0 };
        let mut abs = x;
        if x < 0.0 {
            abs = -x;
        }
        let clamp = x.clamp(-0.75, 0.75);
        loss += relu * abs + clamp * clamp + abs.sin();
    }
    loss
}

#[newton_loss(hessian, lambda = 1.0, relax(logistic, beta = beta))]
pub fn middles(y: &[f32; 5], target: &f32, beta: f32) -> f32 {
    let (a, b, c) = (y[0], y[1], y[2]);
    let median = if a < b {
        if b < c {
            b
        } else if a < c {
            c
        } else {
            a
        }
    } else if a < c {
        a
    } else if b < c {
        c
    } else {
        b
    };
    const PAIRS: [(usize, usize); 9] =
        [(0, 1), (3, 4), (2, 4), (2, 3), (1, 4), (0, 3), (0, 2), (1, 3), (1, 2)];
    let mut x = *y;
    for (i, j) in PAIRS {
        (x[i], x[j]) = (x[i].min(x[j]), x[i].max(x[j]));
    }
    (median - target).powi(2) + x[2] * (min(y) - max(y))
}

#[newton_loss(hessian, lambda = 1.0, relax(logistic, beta = beta, epsilon = 0.0))]
pub fn thermostat<const N: usize>(y: &[f32; N], season: &[u8; N], beta: f32) -> f32 {
    const DRIFT: [f32; 3] = [-0.5, 0.125, 0.25];
    let (mut heating, mut room) = (false, 0.25);
    let mut loss = 0.0;
    for i in 0..N {
        room += 0.5 * y[i] + DRIFT[season[i] as usize];
        if heating && room > 0.5 {
            heating = false;
        } else if !heating && room < -0.25 {
            heating = true;
        }
        loss += match season[i] {
            0 if room < 0.0 => 2.0 * room * room,
            0 | 1 => room * room,
            _ => room,
        };
        if heating {
            room += 0.375;
        }
        loss += 0.25 * heating as usize as f32;
    }
    loss
}
