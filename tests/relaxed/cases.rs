//! Every algorithm with how to make it, its label and a call of the plain function from a file of `expected/`.
//!
//! One block per algorithm: its name, the loss, its label (`()`, one or a tuple, in the order of parameters), the plain call.

use super::{check, check_cuda, conditions, loops, picking, sorting, tables};

macro_rules! case {
    ($name:ident, $build:expr, $label:expr, $plain:expr $(,)?) => {
        mod $name {
            use super::*;

            #[test]
            fn on_the_cpu() {
                check(stringify!($name), $build, $label, $label, $plain);
            }

            #[test]
            fn on_cuda() {
                check_cuda(stringify!($name), $build, $label);
            }
        }
    };
}

case!(comparisons, |h| conditions::Comparisons::new(h.get::<f64>("beta")), |s| s.get("bound"), |s| {
    conditions::comparisons(&s.get("y"), &s.get("bound"), s.get("beta"))
});

case!(
    brackets,
    |h| conditions::Brackets::<4>::new(h.get::<f64>("beta")),
    |s| (s.get("married"), s.get("paid")),
    |s| { conditions::brackets::<4>(&s.get("y"), &s.get("married"), &s.get("paid"), s.get("beta")) }
);

case!(fence_probabilistic, |h| conditions::FenceProbabilistic::new(h.get::<f64>("beta")), |_| (), |s| {
    conditions::fence_probabilistic(&s.get("y"), s.get("beta"))
});

case!(fence_hamacher, |h| conditions::FenceHamacher::new(h.get::<f64>("beta")), |_| (), |s| {
    conditions::fence_hamacher(&s.get("y"), s.get("beta"))
});

case!(fence_yager, |h| conditions::FenceYager::new(h.get::<f64>("beta")), |_| (), |s| {
    conditions::fence_yager(&s.get("y"), s.get("beta"))
});

case!(activations, |h| conditions::Activations::new(h.get::<f64>("beta")), |_| (), |s| {
    conditions::activations(&s.get("y"), s.get("beta"))
});

case!(middles, |h| conditions::Middles::new(h.get::<f64>("beta")), |s| s.get("target"), |s| {
    conditions::middles(&s.get("y"), &s.get("target"), s.get("beta"))
});

case!(thermostat, |h| conditions::Thermostat::<6>::new(h.get::<f64>("beta")), |s| s.get("season"), |s| {
    conditions::thermostat::<6>(&s.get("y"), &s.get("season"), s.get("beta"))
});

case!(
    bisection,
    |h| loops::Bisection::new(h.get::<f64>("beta"), h.get::<usize>("max_iter")),
    |s| s.get("tolerance"),
    |s| { loops::bisection(&s.get("y"), &s.get("tolerance"), s.get("beta"), s.get("max_iter")) }
);

case!(
    newton_root,
    |h| loops::NewtonRoot::<2>::new(h.get::<f64>("beta"), h.get::<usize>("max_iter")),
    |_| (),
    |s| { loops::newton_root::<2>(&s.get("y"), s.get("beta"), s.get("max_iter")) }
);

case!(gcd, |h| loops::Gcd::new(h.get::<f64>("beta"), h.get::<usize>("max_iter")), |_| (), |s| {
    loops::gcd(&s.get("y"), s.get("beta"), s.get("max_iter"))
});

case!(
    halvings,
    |h| loops::Halvings::<3>::new(h.get::<f64>("beta"), h.get::<usize>("max_iter")),
    |_| (),
    |s| { loops::halvings::<3>(&s.get("y"), s.get("beta"), s.get("max_iter")) }
);

case!(
    loops_in_loops,
    |h| loops::LoopsInLoops::new(h.get::<f64>("beta"), h.get::<usize>("max_iter")),
    |_| (),
    |s| { loops::loops_in_loops(&s.get("y"), s.get("beta"), s.get("max_iter")) }
);

case!(
    journey,
    |h| loops::Journey::new(h.get::<f64>("beta"), h.get::<usize>("max_iter")),
    |s| s.get("full"),
    |s| { loops::journey(&s.get("y"), &s.get("full"), s.get("beta"), s.get("max_iter")) }
);

case!(coarse, |h| loops::Coarse::new(h.get::<f64>("beta"), h.get::<usize>("max_iter")), |_| (), |s| {
    loops::coarse(&s.get("y"), s.get("beta"), s.get("max_iter"))
});

case!(
    cocktail_sort,
    |h| sorting::CocktailSort::<5>::new(h.get::<f64>("beta"), h.get::<usize>("max_iter")),
    |s| s.get("target"),
    |s| { sorting::cocktail_sort::<5>(&s.get("y"), &s.get("target"), s.get("beta"), s.get("max_iter")) }
);

case!(
    bubble_swaps,
    |h| sorting::BubbleSwaps::<5>::new(h.get::<f64>("beta"), h.get::<usize>("max_iter")),
    |_| (),
    |s| { sorting::bubble_swaps::<5>(&s.get("y"), s.get("beta"), s.get("max_iter")) }
);

case!(
    insertion_sort,
    |h| sorting::InsertionSort::<4>::new(h.get::<f64>("beta"), h.get::<usize>("max_iter")),
    |s| s.get("weight"),
    |s| { sorting::insertion_sort::<4>(&s.get("y"), &s.get("weight"), s.get("beta"), s.get("max_iter")) }
);

case!(selection_sort, |h| sorting::SelectionSort::<4>::new(h.get::<f64>("beta")), |s| s.get("target"), |s| {
    sorting::selection_sort::<4>(&s.get("y"), &s.get("target"), s.get("beta"))
});

case!(most_common, |h| sorting::MostCommon::<6>::new(h.get::<f64>("beta")), |_| (), |s| {
    sorting::most_common::<6>(&s.get("y"), s.get("beta"))
});

case!(order_statistic, |h| sorting::OrderStatistic::<5>::new(h.get::<f64>("beta")), |s| s.get("rank"), |s| {
    sorting::order_statistic::<5>(&s.get("y"), &s.get("rank"), s.get("beta"))
});

case!(matrix_moves, |h| picking::MatrixMoves::new(h.get::<f64>("beta")), |_| (), |s| {
    picking::matrix_moves(&s.get("y"), s.get("beta"))
});

case!(maximum_subarray, |h| tables::MaximumSubarray::<7>::new(h.get::<f64>("beta")), |_| (), |s| {
    tables::maximum_subarray::<7>(&s.get("y"), s.get("beta"))
});

case!(knapsack, |h| tables::Knapsack::<4>::new(h.get::<f64>("beta")), |s| s.get("weight"), |s| {
    tables::knapsack::<4>(&s.get("y"), &s.get("weight"), s.get("beta"))
});

case!(levenshtein, |h| tables::Levenshtein::<4, 5, 6>::new(h.get::<f64>("beta")), |s| s.get("word"), |s| {
    tables::levenshtein::<4, 5, 6>(&s.get("y"), &s.get("word"), s.get("beta"))
});

case!(floyd_warshall, |h| tables::FloydWarshall::<4>::new(h.get::<f64>("beta")), |s| s.get("far"), |s| {
    tables::floyd_warshall::<4>(&s.get("y"), &s.get("far"), s.get("beta"))
});

case!(longest_run, |h| tables::LongestRun::<7>::new(h.get::<f64>("beta")), |s| s.get("bound"), |s| {
    tables::longest_run::<7>(&s.get("y"), &s.get("bound"), s.get("beta"))
});

case!(
    increasing_subsequence,
    |h| tables::IncreasingSubsequence::<5>::new(h.get::<f64>("beta")),
    |_| (),
    |s| { tables::increasing_subsequence::<5>(&s.get("y"), s.get("beta")) }
);

case!(
    cheapest_way,
    |h| tables::CheapestWay::<3, 4>::new(h.get::<f64>("beta"), h.get::<usize>("max_iter")),
    |_| (),
    |s| { tables::cheapest_way::<3, 4>(&s.get("y"), s.get("beta"), s.get("max_iter")) }
);

case!(dijkstra, |h| picking::Dijkstra::<3>::new(h.get::<f64>("beta")), |_| (), |s| picking::dijkstra::<3>(
    &s.get("y"),
    s.get("beta")
));

case!(peaks, |h| picking::Peaks::<5>::new(h.get::<f64>("beta")), |_| (), |s| picking::peaks::<5>(
    &s.get("y"),
    s.get("beta")
));

case!(
    picks,
    |h| picking::Picks::<4>::new(h.get::<f64>("beta"), h.get::<f64>("steep")),
    |s| (s.get("gain"), s.get("open"), s.get("row")),
    |s| picking::picks::<4>(
        &s.get("y"),
        &s.get("gain"),
        &s.get("open"),
        &s.get("row"),
        s.get("beta"),
        s.get("steep")
    ),
);
