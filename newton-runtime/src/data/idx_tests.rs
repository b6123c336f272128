use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;

fn file(magic: u32, dimensions: &[u32], data: &[u8]) -> Vec<u8> {
    let numbers = std::iter::once(&magic).chain(dimensions).flat_map(|number| number.to_be_bytes());
    numbers.chain(data.iter().copied()).collect()
}

fn packed(contents: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(contents).expect("memory");
    encoder.finish().expect("memory")
}

fn images_error(bytes: &[u8]) -> String {
    images_from_bytes(Path::new("x"), bytes).expect_err("damaged").to_string()
}

#[test]
fn plain_and_packed_give_the_same_with_the_checksum_of_the_plain_file() {
    let data: Vec<u8> = (0..24).collect();
    let bytes = file(0x803, &[2, 3, 4], &data);
    let plain = images_from_bytes(Path::new("x"), &bytes).expect("sound");
    assert_eq!((plain.count, plain.rows, plain.columns, &plain.pixels), (2, 3, 4, &data));
    assert_eq!(plain.sha256, <[u8; 32]>::from(Sha256::digest(&bytes)));
    assert_eq!(images_from_bytes(Path::new("x"), &packed(&bytes)).expect("sound"), plain);
    // Two gzip members one after the other are one gzip file.
    let parts = [packed(&bytes[..20]), packed(&bytes[20..])].concat();
    assert_eq!(images_from_bytes(Path::new("x"), &parts).expect("sound"), plain);
}

#[test]
fn errors_name_file_field_and_values() {
    let sound = file(0x803, &[2, 3, 4], &[0; 24]);
    assert_eq!(
        images_error(&file(0x801, &[2], &[0, 1])),
        "x: magic number 0x00000801, expected 0x00000803 (images, u8, three dimensions)"
    );
    assert_eq!(images_error(&[]), "x: header has 0 bytes, expected 16");
    assert_eq!(images_error(&sound[..13]), "x: header has 13 bytes, expected 16");
    assert_eq!(images_error(&sound[..39]), "x: data has 23 bytes, expected 24");
    assert_eq!(images_error(&packed(&sound[..39])), "x: data has 23 bytes, expected 24");
    let longer = [&sound[..], &[1]].concat();
    assert_eq!(images_error(&longer), "x: data follow the 24 bytes that the header declares (1 bytes)");
    assert_eq!(images_error(&packed(&longer)), "x: data follow the 24 bytes that the header declares");
    assert_eq!(images_error(&file(0x803, &[2, 0, 4], &[])), "x: rows is 0, expected 1 to 4096");
    assert_eq!(images_error(&file(0x803, &[2, 3, 4097], &[])), "x: columns is 4097, expected 1 to 4096");
    assert_eq!(
        images_error(&file(0x803, &[1 << 24, 1 << 12, 1 << 12], &[])),
        "x: the header [16777216, 4096, 4096] declares 281474976710656 bytes of data, more than 1073741824: \
         the largest data set this reader takes"
    );
    let mut torn = packed(&sound);
    torn.truncate(torn.len() - 3);
    assert!(images_error(&torn).starts_with("x: damaged gzip data after 40 unpacked bytes: "));
    let mut wrong_sum = packed(&sound);
    let at = wrong_sum.len() - 8;
    wrong_sum[at] ^= 1;
    assert!(images_error(&wrong_sum).starts_with("x: damaged gzip data"));

    let labels = labels_from_bytes(Path::new("y"), &file(0x801, &[3], &[9, 10, 11]));
    assert_eq!(labels.expect_err("10 is no digit").to_string(), "y: label 1 is 10, expected 0 to 9");
}

#[test]
fn files_are_read_and_what_is_no_file_is_not() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("labels");
    std::fs::write(&path, packed(&file(0x801, &[2], &[3, 7]))).expect("writable");
    assert_eq!(read_labels(&path).expect("sound").labels, [3, 7]);
    assert!(matches!(read_labels(folder.path()), Err(DataError::NotAFile { .. })));
    let error = read_images(&folder.path().join("none")).expect_err("not there");
    assert!(matches!(&error, DataError::Io { .. }) && error.to_string().contains("none"), "{error}");
}
