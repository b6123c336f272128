//! Generated CUDA on the host: units of compilation as C++20 through `shim.h`, each a program that answers requests.
//!
//! Programs are kept by their content below `target/`. Without a C++ compiler these tests are skipped, in CI they fail.

#![allow(dead_code)]

pub mod compare;
#[cfg(feature = "cuda")]
pub mod device;

use newton_losses::cuda::{Element, Unit, library};
use newton_losses::scalar::Float;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// What a launch reports: `nl::Status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// The first sample in which something went wrong, and what: 1 an index out of range, 2 a division by zero.
    pub fault: Option<(u32, u32)>,
    /// The first sample with a result that is not finite.
    pub not_finite: Option<u32>,
    /// Slots that tapes lacked.
    pub tape: [u32; 3],
}

/// What a kernel answers.
#[derive(Debug)]
pub struct Answer {
    pub status: Status,
    /// Values, then what else it computes.
    pub numbers: Vec<f64>,
}

/// What is wanted of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Values = 0,
    Gradients = 1,
    Hessians = 2,
    Products = 3,
    Mean = 4,
}

/// The shape of a launch.
#[derive(Debug, Clone, Copy)]
pub struct Launch {
    pub grid: u32,
    pub block: [u32; 2],
    /// Samples per chunk of a mean Hessian.
    pub chunk: u32,
    /// Slots of a tape: active numbers, passive ones, integers.
    pub slots: [u32; 3],
}

impl Default for Launch {
    fn default() -> Self {
        Launch { grid: 1, block: [32, 1], chunk: 32, slots: [64; 3] }
    }
}

/// A batch for one unit.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    pub samples: usize,
    pub predictions: Vec<f64>,
    pub labels: Vec<f64>,
    pub integers: Vec<i32>,
    /// For products.
    pub vectors: Vec<f64>,
}

/// A compiled program of some units.
pub struct Program {
    path: PathBuf,
    units: Vec<(Unit, usize)>,
}

/// A C++ compiler is there.
fn compiler() -> bool {
    let found = Command::new("g++").arg("--version").output().is_ok_and(|out| out.status.success());
    if !found {
        assert!(std::env::var_os("CI").is_none(), "the CUDA tests need g++");
        println!("skipped: there is no g++");
    }
    found
}

fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3))
}

/// A name that no other test of this process, nor of another, has.
fn fresh(folder: &Path, stem: &str) -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    folder.join(format!("{stem}-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed)))
}

impl Program {
    /// Compiles; none if there is no compiler. Each unit comes with the number of its tangents.
    pub fn build(units: Vec<(Unit, usize)>) -> Option<Program> {
        if !compiler() {
            return None;
        }
        let mut text = format!("#include \"shim.h\"\n{}\n#include \"main.h\"\n", library());
        let mut tables = [String::new(), String::new()];
        let mut named = Vec::new();
        for (i, (unit, tangents)) in units.into_iter().enumerate() {
            let unit = unit.namespace(&format!("loss{i}"));
            text.push_str(&unit.text());
            for (element, table) in [Element::F32, Element::F64].into_iter().zip(&mut tables) {
                let prefix = format!("u{i}_{}_", element.name());
                text.push_str(&unit.kernels(element, tangents, &prefix));
                let kernels = [
                    "values",
                    "gradients",
                    "hessians",
                    "hessian_vector_products",
                    "hessian_sums",
                    "mean_of_sums",
                ];
                let kernels = kernels.map(|kernel| format!("{prefix}{kernel}")).join(", ");
                let layout = unit.layout;
                table.push_str(&format!(
                    "        {{{kernels}, {}, {}, {}, {}}},\n",
                    layout.dim,
                    layout.numbers,
                    layout.integers,
                    1 + tangents
                ));
            }
            named.push((unit, tangents));
        }
        named.iter().for_each(|(unit, tangents)| keep(unit, *tangents));
        text.push_str(&format!(
            "int main(int argc, char** argv) {{\n    const host::Kernels<float> single[] = {{\n{}    }};\n    const host::Kernels<double> wide[] = {{\n{}    }};\n    return host::run(argc, argv, single, wide);\n}}\n",
            tables[0], tables[1]
        ));
        let path = compile(&text).unwrap_or_else(|message| panic!("{}: {message}", named[0].0.name));
        Some(Program { path, units: named })
    }

    /// Answers requests about one unit. A tape that is too short is lengthened, as a driver would.
    pub fn run<T: Float>(&self, unit: usize, requests: &[(Kind, Launch)], batch: &Batch) -> Vec<Answer> {
        let mut requests = requests.to_vec();
        loop {
            let answers = self.once::<T>(unit, &requests, batch);
            let mut again = false;
            for (request, answer) in requests.iter_mut().zip(&answers) {
                for (slots, needed) in request.1.slots.iter_mut().zip(answer.status.tape) {
                    again |= needed > *slots;
                    *slots = needed.max(*slots);
                }
            }
            if !again {
                return answers;
            }
        }
    }

    /// Answers requests about one unit with the tapes they ask for.
    pub fn once<T: Float>(&self, unit: usize, requests: &[(Kind, Launch)], batch: &Batch) -> Vec<Answer> {
        let (description, _) = &self.units[unit];
        let mut bytes = Vec::new();
        let number = |x: f64, bytes: &mut Vec<u8>| match size_of::<T>() {
            4 => bytes.extend((x as f32).to_le_bytes()),
            _ => bytes.extend(x.to_le_bytes()),
        };
        for (kind, launch) in requests {
            let element = u32::from(size_of::<T>() == 8);
            let header = [unit as u32, element, *kind as u32, batch.samples as u32, launch.grid];
            let header = header.into_iter().chain(launch.block).chain([launch.chunk]).chain(launch.slots);
            for x in header.chain([description.parameters.len() as u32]) {
                bytes.extend(x.to_le_bytes());
            }
            batch.predictions.iter().chain(&batch.labels).for_each(|x| number(*x, &mut bytes));
            batch.integers.iter().for_each(|x| bytes.extend(x.to_le_bytes()));
            description.parameters.iter().for_each(|x| number(*x, &mut bytes));
            if *kind == Kind::Products {
                batch.vectors.iter().for_each(|x| number(*x, &mut bytes));
            }
        }
        let folder = self.path.parent().expect("a folder");
        let (input, output) = (fresh(folder, "input"), fresh(folder, "output"));
        std::fs::write(&input, bytes).expect("the folder is writable");
        let status = Command::new(&self.path).args([&input, &output]).status().expect("it was compiled");
        let answers = std::fs::read(&output).unwrap_or_default();
        let _ = (std::fs::remove_file(&input), std::fs::remove_file(&output));
        assert!(status.success(), "{}: the kernels ended with {status}", description.name);
        let mut bytes = &answers[..];
        let answers =
            requests.iter().map(|(kind, _)| self.read::<T>(unit, *kind, batch.samples, &mut bytes)).collect();
        assert!(bytes.is_empty(), "{}: {} bytes are left", description.name, bytes.len());
        answers
    }

    fn read<T: Float>(&self, unit: usize, kind: Kind, n: usize, bytes: &mut &[u8]) -> Answer {
        let m = self.units[unit].0.layout.dim;
        let mut take = |count: usize| {
            let (head, tail) = bytes.split_at(count);
            *bytes = tail;
            head.to_vec()
        };
        let status = take(40);
        let word = |at: usize| u32::from_le_bytes(status[at..at + 4].try_into().expect("four bytes"));
        let none = |x: u32| (x != u32::MAX).then_some(x);
        let status = Status {
            fault: none(word(4)).map(|sample| (sample, word(0))),
            not_finite: none(word(8)),
            tape: [word(12), word(16), word(20)],
        };
        let (count, wide) = match kind {
            Kind::Values => (n, false),
            Kind::Gradients => (n + n * m, false),
            Kind::Hessians => (n * m * m, false),
            Kind::Products => (n * m, false),
            Kind::Mean => (m * m, true),
        };
        let numbers = match wide || size_of::<T>() == 8 {
            true => take(8 * count)
                .chunks(8)
                .map(|x| f64::from_le_bytes(x.try_into().expect("eight bytes")))
                .collect(),
            false => {
                let single = |x: &[u8]| f64::from(f32::from_le_bytes(x.try_into().expect("four bytes")));
                take(4 * count).chunks(4).map(single).collect()
            }
        };
        Answer { status, numbers }
    }
}

/// Writes what a GPU's compiler would get: `.ci/nvrtc.py` compiles it. Of a loss that is tested at many sizes, the one nearest to 10 will do;
/// random programs would double the time it takes.
fn keep(unit: &Unit, tangents: usize) {
    if env!("CARGO_CRATE_NAME") == "random_programs" {
        return;
    }
    static NEAREST: Mutex<BTreeMap<String, usize>> = Mutex::new(BTreeMap::new());
    let (name, off) = (format!("{}-{}", env!("CARGO_CRATE_NAME"), unit.name), unit.layout.dim.abs_diff(10));
    // Held while the file is written, as tests run side by side.
    let mut nearest = NEAREST.lock().unwrap_or_else(PoisonError::into_inner);
    if nearest.get(&name).is_some_and(|other| *other <= off) {
        return;
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cuda-sources");
    std::fs::create_dir_all(&folder).expect("the folder is writable");
    let text = unit.clone().namespace("loss").source(Element::F32, tangents);
    std::fs::write(folder.join(format!("{name}.cu")), text).expect("the folder is writable");
    nearest.insert(name, off);
}

/// The program of a text, compiled or found.
fn compile(text: &str) -> Result<PathBuf, String> {
    let support = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/cuda");
    let headers: String = ["shim.h", "main.h"]
        .map(|name| std::fs::read_to_string(support.join(name)).expect("it is in the repository"))
        .concat();
    let flags = ["-std=c++20", "-O1", "-fno-strict-aliasing", "-w"];
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cuda-host");
    std::fs::create_dir_all(&folder).expect("the folder is writable");
    let path = folder.join(format!("{:016x}", hash(&format!("{flags:?}{headers}{text}"))));
    if path.exists() {
        return Ok(path);
    }
    let source = path.with_extension("cpp");
    std::fs::write(&source, text).expect("the folder is writable");
    // Another process may build the same: the last one to finish is as good.
    let built = fresh(&folder, "built");
    let output = Command::new("g++")
        .args(flags)
        .arg("-I")
        .arg(&support)
        .arg(&source)
        .arg("-o")
        .arg(&built)
        .output()
        .map_err(|error| format!("g++: {error}"))?;
    if !output.status.success() {
        let message = String::from_utf8_lossy(&output.stderr);
        let start: String = message.lines().take(40).collect::<Vec<_>>().join("\n");
        return Err(format!("{} does not compile:\n{start}", source.display()));
    }
    std::fs::rename(&built, &path).expect("the folder is writable");
    let _ = std::fs::remove_file(source);
    Ok(path)
}
