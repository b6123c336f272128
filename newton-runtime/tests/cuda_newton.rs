#![cfg(feature = "cuda")]
mod newton_support;
use newton_runtime::cuda::Gpu;
use newton_runtime::cuda::newton::{DeviceStep, HessianSlices};
use newton_runtime::newton::{Hessians, Newton, step};
use newton_support::{Rng, difference};

#[test]
fn first() {
    let gpu = Gpu::open(0).unwrap();
    let mut rng = Rng(5);
    for (n, m) in [(1, 1), (7, 5), (33, 8), (100, 31)] {
        let (y, g, h) = (rng.vector(n * m), rng.vector(n * m), rng.indefinite(m));
        let (dy, dg, dh) =
            (gpu.upload(&y).unwrap(), gpu.upload(&g).unwrap(), gpu.upload(h.as_slice()).unwrap());
        let newton = Newton::hessian(0.1);
        let mut device = DeviceStep::<f64>::new(&gpu, &newton, n, m).unwrap();
        device.enqueue(dy.slice(), dg.slice(), Some(HessianSlices::Mean(dh.slice()))).unwrap();
        let ok = device.check();
        let host = step(&newton, &y, &g, m, Some(Hessians::WideMean(h.as_slice())));
        println!("{n} {m} {ok:?} {:?}", host.as_ref().err());
        println!("{:e}", difference(&gpu.download(device.z_star()).unwrap(), &host.unwrap().z_star));
    }
}
