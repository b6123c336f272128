use super::*;

/// `numpy.save` of `numpy.arange(6, dtype='f4').reshape(2, 3)`, numpy 2.4.
fn from_numpy() -> Vec<u8> {
    let mut bytes =
        b"\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }".to_vec();
    bytes.resize(127, b' ');
    bytes.push(b'\n');
    bytes.extend((0..6).flat_map(|i| (i as f32).to_le_bytes()));
    bytes
}

/// A file of version 1.0 with this dictionary.
fn file(dictionary: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((dictionary.len() as u16 + 1).to_le_bytes());
    bytes.extend(dictionary.as_bytes());
    bytes.push(b'\n');
    bytes.extend(data);
    bytes
}

fn numbers(descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    file(&format!("{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}"), data)
}

const PAIR: &[Option<usize>] = &[Some(2)];

fn error<T: Element + std::fmt::Debug>(bytes: &[u8], shape: &[Option<usize>]) -> String {
    from_bytes::<T>(Path::new("x"), bytes, shape).expect_err("damaged").to_string()
}

#[test]
fn numpy_s_own_bytes_are_read_and_written() {
    let bytes = from_numpy();
    for shape in [[Some(2), Some(3)], [None, Some(3)], [None, None]] {
        let array = from_bytes::<f32>(Path::new("x"), &bytes, &shape).expect("sound");
        assert_eq!((array.shape, array.data), (vec![2, 3], vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0]));
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("a/b.npy");
    write(&path, &[2, 3], &[0.0f32, 1.0, 2.0, 3.0, 4.0, 5.0]).expect("writable");
    assert_eq!(std::fs::read(&path).expect("readable"), bytes);
    // Versions 2 and 3 only have a longer length; alignment is numpy's habit and no rule.
    for version in [2, 3] {
        let newer = [&bytes[..6], &[version, 0, 118, 0, 0, 0], &bytes[10..]].concat();
        assert!(from_bytes::<f32>(Path::new("x"), &newer, &[None, None]).is_ok());
    }
}

#[test]
fn every_type_and_shape_survives_the_way_through_a_file() {
    fn both_ways<T: Element + PartialEq + std::fmt::Debug>(shape: &[usize], data: &[T]) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("array.npy");
        write(&path, shape, data).expect("writable");
        let lengths: Vec<_> = shape.iter().map(|&n| Some(n)).collect();
        let array = read::<T>(&path, &lengths).expect("sound");
        assert_eq!((&array.shape[..], &array.data[..]), (shape, data));
        assert_eq!(std::fs::metadata(&path).expect("there").len() as usize % 64, size_of_val(data) % 64);
    }
    both_ways(&[3], &[0u8, 7, 255]);
    both_ways(&[], &[-1.5f64]);
    both_ways(&[0, 3], &[] as &[f32]);
    both_ways(&[1, 2, 2], &[0.8, 1.2, 5.3, -65504.0].map(f16::from_f32));
    both_ways(&[2], &[f64::MIN_POSITIVE, f64::INFINITY]);
    // More than a block, and no whole number of blocks.
    let long: Vec<f64> = (0..BLOCK / 8 * 2 + 5).map(|i| i as f64 / 7.0).collect();
    both_ways(&[long.len()], &long);
    let refused = write(Path::new("/nowhere"), &[2, 2], &[0u8; 3]).expect_err("one short");
    assert_eq!(refused.to_string(), "/nowhere: 3 numbers for the shape [2, 2]");
    let refused = write(Path::new("/nowhere"), &[1; 33], &[0u8]).expect_err("33 dimensions");
    assert_eq!(refused.to_string(), "/nowhere: more than 32 dimensions");
}

#[test]
fn other_types_and_orders_are_refused_by_name() {
    let typed = |descr: &str| error::<f32>(&numbers(descr, "(2,)", &[0; 8]), PAIR);
    assert_eq!(typed("'>f4'"), "x: descr is `>f4`: big endian, expected `<f4`");
    assert_eq!(typed("'>f8'"), "x: descr is `>f8`, expected `<f4`");
    assert_eq!(typed("'<f8'"), "x: descr is `<f8`, expected `<f4`");
    assert_eq!(typed("'f4'"), "x: descr is `f4`, expected `<f4`");
    assert_eq!(typed("'|O'"), "x: descr is `|O`: Python objects are never unpickled");
    assert_eq!(
        typed("[('a', '<f4'), ('b', '<f4', (2,))]"),
        "x: descr is a structure of several fields: save the fields one by one"
    );
    assert_eq!(error::<u8>(&numbers("'|i1'", "(2,)", &[0; 2]), PAIR), "x: descr is `|i1`, expected `|u1`");
    let fortran = "{'descr': '<f4', 'fortran_order': True, 'shape': (2,), }";
    assert_eq!(
        error::<f32>(&file(fortran, &[0; 8]), PAIR),
        "x: fortran_order is True: columns first; save `numpy.ascontiguousarray` of it"
    );
    // The same file with the right word in the place is sound.
    let right = fortran.replace("True", "False");
    assert!(from_bytes::<f32>(Path::new("x"), &file(&right, &[0; 8]), PAIR).is_ok());
}

#[test]
fn shape_and_size_are_those_asked_for() {
    let shaped =
        |shape: &str, data: usize| error::<f32>(&numbers("'<f4'", shape, &vec![0; data]), &[None, Some(3)]);
    assert_eq!(shaped("(2, 4)", 32), "x: shape is [2, 4], expected [any, 3]");
    assert_eq!(shaped("(6,)", 24), "x: shape is [6], expected [any, 3]");
    assert_eq!(shaped("(2, 3, 1)", 24), "x: shape is [2, 3, 1], expected [any, 3]");
    assert_eq!(shaped("(2, 3)", 23), "x: data has 23 bytes, expected 24");
    assert_eq!(shaped("(2, 3)", 25), "x: 1 bytes follow the 24 bytes of data that the header declares");
    assert_eq!(
        shaped("(18446744073709551615, 3)", 24),
        "x: shape [18446744073709551615, 3] declares 18446744073709551615 bytes, more than 1073741824"
    );
    assert_eq!(
        shaped("(100000000, 3)", 24),
        "x: shape [100000000, 3] declares 1200000000 bytes, more than 1073741824"
    );
}

#[test]
fn malformed_headers_are_refused_where_they_go_wrong() {
    let text = |dictionary: &str| error::<f32>(&file(dictionary, &[0; 8]), PAIR);
    let shape = |shape: &str| error::<f32>(&numbers("'<f4'", shape, &[0; 8]), PAIR);
    for (found, expected) in [
        (text("[1]"), "x: header, dictionary: no `{` at byte 0"),
        (text("{'descr': '<f4'"), "x: header, dictionary: neither `,` nor `}` at byte 15"),
        (text("{'descr': '<f4"), "x: header, descr: an unfinished string at byte 10"),
        (text("{'descr': 4, }"), "x: header, descr: no string at byte 10"),
        (
            text("{'descr': '<\\x664', }"),
            "x: header, descr: a string with letters that need an escape at byte 10",
        ),
        (text("{'descr' '<f4'}"), "x: header, descr: no `:` at byte 9"),
        (text("{'colour': 1}"), "x: header, dictionary: an unknown key at byte 9"),
        (text("{'fortran_order': 0}"), "x: header, fortran_order: neither True nor False at byte 18"),
        (text("{'descr': '<f4', 'descr': '<f4'}"), "x: header, descr: given twice at byte 31"),
        (text("{'descr': '<f4', }"), "x: header: `fortran_order` is missing"),
        (text("{'descr': '<f4', 'fortran_order': False}"), "x: header: `shape` is missing"),
        (text("{'fortran_order': False, 'shape': ()}"), "x: header: `descr` is missing"),
        (text("{} # hello"), "x: header, dictionary: no newline after the padding at byte 3"),
        (text("{}\n"), "x: header, dictionary: no newline after the padding at byte 2"),
        (shape("2"), "x: header, shape: no tuple at byte 50"),
        (shape("(2)"), "x: header, shape: no `,` in a tuple of one at byte 52"),
        (shape("(-2,)"), "x: header, shape: no number at byte 51"),
        (shape("(02,)"), "x: header, shape: no number at byte 51"),
        (shape("(2.0,)"), "x: header, shape: no `,` in a tuple of one at byte 52"),
        (shape("(1, 2]"), "x: header, shape: neither `,` nor `)` at byte 55"),
        (shape("(18446744073709551616,)"), "x: header, shape: a number beyond 2^64 at byte 51"),
        (shape(&format!("({})", "1,".repeat(33))), "x: header, shape: more than 32 dimensions at byte 115"),
    ] {
        assert_eq!(found, expected);
    }
    // What Python writes in other ways is the same dictionary.
    let other = "{ \"shape\":(2 , ) ,'fortran_order' :False,'descr': \"<f4\"}   ";
    assert!(from_bytes::<f32>(Path::new("x"), &file(other, &[0; 8]), PAIR).is_ok());
}

#[test]
fn the_bytes_before_the_header_are_checked() {
    let sound = from_numpy();
    let any = &[None, None];
    assert_eq!(error::<f32>(&[], any), "x: preamble has 0 bytes, expected 8");
    assert_eq!(error::<f32>(&sound[..9], any), "x: preamble has 1 bytes, expected 2");
    assert_eq!(error::<f32>(&sound[..100], any), "x: header has 90 bytes, expected 118");
    assert_eq!(error::<f32>(&sound[..128], any), "x: data has 0 bytes, expected 24");
    assert_eq!(
        error::<f32>(b"PK\x03\x04\0\0\0\0\0\0", any),
        "x: magic string [50, 4b, 03, 04, 00, 00], expected `\\x93NUMPY`"
    );
    let with = |at: usize, byte: u8| {
        let mut bytes = sound.clone();
        bytes[at] = byte;
        error::<f32>(&bytes, any)
    };
    assert_eq!(with(6, 4), "x: format version 4.0, expected 1.0, 2.0 or 3.0");
    assert_eq!(with(7, 1), "x: format version 1.1, expected 1.0, 2.0 or 3.0");
    assert_eq!(with(9, 16), "x: header length is 4214, more than 4096");
    assert_eq!(with(8, 255), "x: header has 142 bytes, expected 255");
    let endless = b"\x93NUMPY\x02\x00\xff\xff\xff\xff{";
    assert_eq!(error::<f32>(endless, any), "x: header length is 4294967295, more than 4096");
}

#[test]
fn what_is_no_file_is_not_read() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    assert!(matches!(read::<u8>(folder.path(), &[]), Err(NpyError::NotAFile { .. })));
    let error = read::<u8>(&folder.path().join("none.npy"), &[]).expect_err("not there");
    assert!(matches!(&error, NpyError::Io { .. }) && error.to_string().contains("none.npy"), "{error}");
}
