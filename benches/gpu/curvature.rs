//! Mean Hessian + z* of the four sorting losses in f32, against JAX on the same numbers.

use crate::options::{Extent, Options, median};
use crate::peer::Jax;
use crate::shared::{deviation, numbers};
use anyhow::{Context, Result, ensure};
use newton_losses::cuda::{DeviceEvaluation, DeviceHessians, Gpu, RecordedNode, Request, Want};
use newton_losses::kernel::Kernel;
use newton_losses::loss::NewtonLoss;
use newton_losses::losses::{CauchyOddEven, LogisticOddEven, NeuralSort, SoftSort, ascending, descending};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde_json::{Value, json};

const LAMBDA: f64 = 0.1;
/// In f32, on scores that do not saturate.
const TOLERANCE: f64 = 2e-2;
/// Rows of z* that the peer shows.
const ROWS: usize = 3;

type Permutation<const N: usize> = fn(&[f64; N]) -> [[f32; N]; N];

struct Bench<'a> {
    gpu: &'a Gpu,
    options: &'a mut Options,
    jax: Option<Jax>,
    failures: usize,
}

/// Seconds.
struct Times {
    /// Predictions and labels on the device, results stay there: a launch of what was recorded.
    device: f64,
    /// The same, kernel by kernel; labels come from the host.
    enqueued: f64,
    /// Labels from the host, and faults asked for at the end.
    host: f64,
}

pub fn run(gpu: &Gpu, options: &mut Options) -> Result<()> {
    let jax = Jax::new(options);
    let extent = options.extent;
    let mut bench = Bench { gpu, options, jax, failures: 0 };
    println!(
        "milliseconds; `device`: predictions and labels lie on the device, `host`: labels come from the host each time"
    );
    println!(
        "{:<14} {:>3} {:>6} {:>10} {:>10} {:>7} {:>10} {:>7} {:>10} {:>10} {:>7}  JAX formulation",
        "loss", "n", "batch", "device", "JAX", "ratio", "textbook", "ratio", "host", "JAX", "ratio"
    );
    bench.sizes::<5>();
    if extent != Extent::Smoke {
        bench.sizes::<10>();
    }
    if extent == Extent::Full {
        bench.sizes::<15>();
    }
    if extent != Extent::Smoke {
        bench.sizes::<32>();
    }
    let failures = bench.failures;
    ensure!(failures == 0, "{failures} cases failed");
    Ok(())
}

impl Bench<'_> {
    fn sizes<const N: usize>(&mut self) {
        let batches: &[usize] = match self.options.extent {
            Extent::Full => &[100, 1000, 10_000],
            Extent::Quick => &[100, 1000],
            Extent::Smoke => &[100],
        };
        for &batch in batches {
            let neural_sort = NeuralSort::<N>::new(1.0).lambda(LAMBDA);
            let soft_sort = SoftSort::<N>::new(0.1).lambda(LAMBDA);
            let logistic = LogisticOddEven::<N>::new(10.0).lambda(LAMBDA);
            let cauchy = CauchyOddEven::<N>::new(10.0).lambda(LAMBDA);
            self.case("neural_sort", &neural_sort, 1.0, batch, descending);
            self.case("soft_sort", &soft_sort, 0.1, batch, descending);
            self.case("logistic_dsn", &logistic, 10.0, batch, ascending);
            self.case("cauchy_dsn", &cauchy, 10.0, batch, ascending);
        }
    }

    /// One that fails leaves the others.
    fn case<const N: usize, L>(
        &mut self,
        name: &str,
        loss: &L,
        parameter: f64,
        batch: usize,
        order: Permutation<N>,
    ) where
        L: NewtonLoss<f32, Label = [[f32; N]; N]> + Kernel<Label<f32> = [[f32; N]; N]>,
    {
        if self.options.is_late() {
            let _ = self.options.failed(&format!("{name}, n = {N}, batch {batch}"), "no time was left");
            return;
        }
        if let Err(error) = self.measure(name, loss, parameter, batch, order) {
            self.failures += 1;
            println!("{name:<14} {N:>3} {batch:>6} failed: {error:#}");
            let _ = self.options.failed(&format!("{name}, n = {N}, batch {batch}"), &format!("{error:#}"));
        }
    }

    fn measure<const N: usize, L>(
        &mut self,
        name: &str,
        loss: &L,
        parameter: f64,
        batch: usize,
        order: Permutation<N>,
    ) -> Result<()>
    where
        L: NewtonLoss<f32, Label = [[f32; N]; N]> + Kernel<Label<f32> = [[f32; N]; N]>,
    {
        let mut random = ChaCha8Rng::seed_from_u64(7);
        let mut uniform = || random.next_u32() as f64 / (1u64 << 32) as f64;
        // Noisy copies of what they should be, so that nothing saturates: see benches/curvature.
        let truth: Vec<[f64; N]> = (0..batch).map(|_| std::array::from_fn(|_| uniform())).collect();
        let y: Vec<f32> =
            truth.iter().flatten().map(|t| (0.3 * (t + 0.4 * (uniform() - 0.5))) as f32).collect();
        let labels: Vec<[[f32; N]; N]> = truth.iter().map(order).collect();

        let (times, hessian, z_star) = self.ours(loss, &y, &labels)?;
        let ours = json!({
            "loss": name, "n": N, "batch": batch, "ours": times.device, "ours_enqueued": times.enqueued, "ours_host": times.host,
        });
        print!("{name:<14} {N:>3} {batch:>6} {:>10.4}", times.device * 1e3);
        let Some(jax) = &mut self.jax else {
            println!("{:>50.4}", times.host * 1e3);
            return self.options.result("curvature", ours);
        };
        let columns: Vec<usize> = labels
            .iter()
            .flatten()
            .map(|row| row.iter().position(|x| *x == 1.0).unwrap_or(usize::MAX))
            .collect();
        let answer = jax.ask(&json!({
            "loss": name, "n": N, "batch": batch, "param": parameter, "lambda": LAMBDA, "seconds": self.options.seconds,
            "compile_limit": 30.0, "y": y, "order": columns,
        }));
        let answer = answer.inspect_err(|_| println!())?;
        let off = deviation(&hessian, &numbers(&answer["hessian"])?).context("mean Hessians")?;
        let off_z = deviation(&z_star, &numbers(&answer["z_star"])?).context("z*")?;
        self.compare(ours, &times, &answer, off.max(off_z))
    }

    fn ours<const N: usize, L>(
        &self,
        loss: &L,
        y: &[f32],
        labels: &[[[f32; N]; N]],
    ) -> Result<(Times, Vec<f64>, Vec<f64>)>
    where
        L: NewtonLoss<f32, Label = [[f32; N]; N]> + Kernel<Label<f32> = [[f32; N]; N]>,
    {
        let (gpu, seconds) = (self.gpu, self.options.seconds);
        let scores = gpu.upload(y)?;
        let enqueue = || DeviceEvaluation::of(loss, gpu, scores.slice(), labels)?.context("it has no text");
        let enqueued = median(gpu, seconds, || enqueue().map(drop))?;
        let by_kernels = median(gpu, seconds, || Ok(enqueue()?.check(gpu)?))?;

        let mut node = RecordedNode::new(loss, gpu, scores.slice(), labels)?.context("it has no text")?;
        let device = median(gpu, seconds, || Ok(node.enqueue(scores.slice())?))?;
        let recorded = median(gpu, seconds, || {
            node.set_labels(labels)?;
            node.enqueue(scores.slice())?;
            Ok(node.check()?)
        })?;
        let z_star = gpu.download(node.step().z_star())?;
        node.check()?;

        let request = Request { want: Want::MeanHessian, training: false };
        let parts = loss.on_device(gpu, scores.slice(), labels, request)?.context("it has no text")?;
        let Some(DeviceHessians::Mean(mean)) = &parts.hessians else { anyhow::bail!("no mean Hessian") };
        let hessian = gpu.download(mean.slice())?;
        (parts.check)(gpu)?;
        let shown = z_star.iter().take(ROWS * N).map(|z| f64::from(*z)).collect();
        Ok((Times { device, enqueued, host: recorded.min(by_kernels) }, hessian, shown))
    }

    fn compare(&mut self, mut result: Value, times: &Times, answer: &Value, off: f64) -> Result<()> {
        let seconds = |field: &str| answer[field].as_f64().with_context(|| format!("no {field} from JAX"));
        let (jax, jax_host) = (seconds("seconds")?, seconds("host_seconds")?);
        let textbook = answer["textbook_seconds"].as_f64();
        let formulation = answer["formulation"].as_str().unwrap_or("?");
        let column = |theirs: f64, ours: f64| format!("{:>10.4} {:>6.1}x", theirs * 1e3, theirs / ours);
        println!(
            " {} {:>18} {:>10.4} {}  {formulation}{}",
            column(jax, times.device),
            textbook.map_or("-".to_owned(), |theirs| column(theirs, times.device)),
            times.host * 1e3,
            column(jax_host, times.host),
            if answer["left_out"].as_array().is_some_and(|left| !left.is_empty()) {
                format!(", without {}", answer["left_out"])
            } else {
                String::new()
            },
        );
        if let Some(fields) = result.as_object_mut() {
            fields.insert("jax".to_owned(), json!(jax));
            fields.insert("jax_textbook".to_owned(), json!(textbook));
            fields.insert("jax_host".to_owned(), json!(jax_host));
            fields.insert("formulation".to_owned(), json!(formulation));
            fields.insert("left_out".to_owned(), answer["left_out"].clone());
            fields.insert("deviation".to_owned(), json!(off));
        }
        self.options.result("curvature", result)?;
        ensure!(off < TOLERANCE, "ours and JAX's numbers differ by {off:e}");
        Ok(())
    }
}
