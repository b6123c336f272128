use std::collections::BTreeMap;

use super::super::{CELLS, PIXELS};
use super::*;

fn drawn() -> (tempfile::TempDir, Warcraft) {
    let (folder, maps) =
        (tempfile::tempdir().expect("a temporary folder"), Warcraft::synthetic_sized(3, 6, 2, 4));
    maps.save(folder.path()).expect("writable");
    (folder, maps)
}

fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let names =
        std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").file_name());
    let names = names.map(|name| name.into_string().expect("a name"));
    names.map(|name| (name.clone(), std::fs::read(folder.join(&name)).expect("readable"))).collect()
}

#[test]
fn drawn_maps_survive_their_files_bit_for_bit() {
    let (folder, maps) = drawn();
    let files = contents(&folder.path().join("12x12"));
    let mut names = OFFICIAL_WARCRAFT.map(|official| official.name);
    names.sort_unstable();
    assert_eq!(files.keys().collect::<Vec<_>>(), names.iter().collect::<Vec<_>>());
    // As long as the official ones would be, were there as many.
    for official in OFFICIAL_WARCRAFT {
        let count = if official.name.starts_with("train") { 10_000 } else { 1_000 };
        let (few, length) =
            (if official.name.starts_with("train") { 6 } else { 4 }, files[official.name].len() as u64);
        let few = if official.name.starts_with("val") { 2 } else { few };
        assert_eq!((official.bytes - 128) / count, (length - 128) / few, "{}", official.name);
    }
    // From the folder above, from the folder itself, and where the archive would put them.
    let archive = tempfile::tempdir().expect("a temporary folder");
    let below = archive.path().join("warcraft_shortest_path_oneskin");
    maps.save(&below).expect("writable");
    for folder in [folder.path(), &folder.path().join("12x12"), archive.path()] {
        let read = Warcraft::load(folder).expect("sound");
        assert_eq!((&read.train, &read.valid, &read.test), (&maps.train, &maps.valid, &maps.test));
    }
    let again = tempfile::tempdir().expect("a temporary folder");
    Warcraft::load(folder.path()).expect("sound").save(again.path()).expect("writable");
    assert_eq!(contents(&again.path().join("12x12")), files);
}

#[test]
fn other_files_are_not_called_official() {
    let (folder, maps) = drawn();
    assert!(maps.provenance.to_string().contains("not the Warcraft benchmark"));
    let checks = verify(folder.path()).expect("readable");
    assert!(checks.iter().all(|check| !check.is_official()));
    assert_eq!(checks, verify(&folder.path().join("12x12")).expect("readable"));
    let mut provenance = Warcraft::load(folder.path()).expect("sound").provenance;
    assert_eq!(provenance, Provenance::Files(checks));
    // Whoever has all the official lengths and checksums is official; who has one digit wrong is named.
    let Provenance::Files(files) = &mut provenance else { panic!("{provenance}") };
    for file in files.iter_mut() {
        file.bytes = file.official.bytes;
        file.md5 = format!("{:0<32}", file.official.md5);
    }
    assert!(provenance.is_official(), "{provenance}");
    assert_eq!(provenance.to_string(), "Warcraft maps, official files");
    let Provenance::Files(files) = &mut provenance else { panic!("{provenance}") };
    files[2].md5.replace_range(31.., "6");
    files[4].bytes += 1;
    let text = provenance.to_string();
    assert!(text.contains("train_shortest_paths") && text.contains("val_vertex_weights"), "{text}");
    assert!(text.matches(".npy").count() == 2 && !provenance.is_official(), "{text}");
}

#[test]
fn checksums_are_md5() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("x");
    // From RFC 1321.
    std::fs::write(&path, "message digest").expect("writable");
    let found = check(path, OFFICIAL_WARCRAFT[0]).expect("readable");
    assert_eq!((found.md5.as_str(), found.bytes), ("f96b697d7cb7938d525a2f31aaf161d0", 14));
    let error = verify(folder.path()).expect_err("no such files").to_string();
    assert!(
        error.contains("_maps.npy") || error.contains("_weights.npy") || error.contains("_paths.npy"),
        "{error}"
    );
}

#[test]
fn damaged_files_are_refused_by_name() {
    let (folder, maps) = drawn();
    let file = |name: &str| folder.path().join("12x12").join(name);
    let load = || Warcraft::load(folder.path()).expect_err("damaged");
    let restore = || maps.save(folder.path()).expect("writable");

    let (_, costs, paths) = maps.train.parts();
    let mut marks = paths.to_vec();
    marks[2 * CELLS + 3 * GRID + 5] = 2;
    npy::write(&file("train_shortest_paths.npy"), &[6, 12, 12], &marks).expect("writable");
    assert!(
        load()
            .to_string()
            .ends_with("train_shortest_paths.npy: map 2, cell (3, 5): the path's mark is 2, expected 0 or 1")
    );
    restore();
    for bad in [0.0, -0.8, f32::NAN, f32::INFINITY] {
        let mut costs: Vec<f16> = costs.iter().map(|&cost| f16::from_f32(cost)).collect();
        costs[CELLS + 143] = f16::from_f32(bad);
        npy::write(&file("train_vertex_weights.npy"), &[6, 12, 12], &costs).expect("writable");
        let error = load();
        assert!(matches!(error, DataError::CellCost { map: 1, row: 11, column: 11, .. }), "{error}");
    }
    restore();
    npy::write(&file("val_shortest_paths.npy"), &[1, 12, 12], &paths[..CELLS]).expect("writable");
    let error = load();
    assert!(matches!(error, DataError::MapCount { found: 1, expected: 2, .. }), "{error}");
    assert!(error.to_string().contains("val_shortest_paths.npy: 1 maps, but 2 in "), "{error}");
    restore();
    npy::write(&file("test_vertex_weights.npy"), &[4, 12, 12], maps.test.parts().1).expect("writable");
    assert!(load().to_string().ends_with("test_vertex_weights.npy: descr is `<f4`, expected `<f2`"));
    restore();
    // Channels first, as networks want them and files do not have them.
    npy::write(&file("test_maps.npy"), &[4, 3, 96, 96], &[0u8; 4 * PIXELS]).expect("writable");
    assert!(load().to_string().ends_with("shape is [4, 3, 96, 96], expected [any, 96, 96, 3]"));
    std::fs::remove_file(file("test_maps.npy")).expect("there");
    assert!(load().to_string().contains("test_maps.npy"));
    restore();
    assert!(Warcraft::load(folder.path()).is_ok(), "restored, all is well");
}

#[test]
fn maps_from_memory_are_checked_alike() {
    let maps =
        |images: usize, costs: Vec<f32>, paths: Vec<u8>| WarcraftMaps::new(vec![0; images], costs, paths);
    assert_eq!(
        maps(2 * PIXELS, vec![1.0; 2 * CELLS], vec![1; 2 * CELLS]).map(|maps| maps.len()).ok(),
        Some(2)
    );
    let error = maps(PIXELS, vec![1.0; CELLS + 1], vec![0; CELLS]).expect_err("one cost too many");
    assert_eq!(error.to_string(), "the buffer for costs has 145 elements; 144 are needed: 1 whole maps");
    assert!(maps(PIXELS, vec![1.0; CELLS], vec![0; CELLS + 1]).is_err());
    assert!(maps(PIXELS - 1, vec![1.0; CELLS], vec![0; CELLS]).is_err());
    assert!(maps(PIXELS, vec![0.0; CELLS], vec![0; CELLS]).is_err());
    assert!(maps(PIXELS, vec![1.0; CELLS], vec![3; CELLS]).is_err());
}
