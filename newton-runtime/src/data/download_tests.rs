use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;

const NAME: &str = "t10k-labels-idx1-ubyte";

/// A label file with two labels.
fn plain(labels: [u8; 2]) -> Vec<u8> {
    [&[0, 0, 8, 1, 0, 0, 0, 2][..], &labels].concat()
}

fn packed(contents: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(contents).expect("memory");
    encoder.finish().expect("memory")
}

/// What a path is answered with: the body, and the length that the header claims.
type Pages = HashMap<&'static str, (Vec<u8>, usize)>;

/// A web server on a port of its own; also counts its requests. It ends with the process.
fn serve(pages: Pages) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = format!("http://{}", listener.local_addr().expect("bound"));
    let requests = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&requests);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            counter.fetch_add(1, Ordering::SeqCst);
            let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
            let request = lines.next().unwrap_or_default();
            // The rest of the request is read, or closing the connection would reset it.
            lines.take_while(|line| !line.is_empty()).for_each(drop);
            let path = request.split(' ').nth(1).unwrap_or_default();
            let answer = match pages.get(path) {
                Some((body, length)) => {
                    let head =
                        format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
                    [head.as_bytes(), body].concat()
                }
                None => b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec(),
            };
            let _ = stream.write_all(&answer);
        }
    });
    (address, requests)
}

fn page(body: Vec<u8>) -> (Vec<u8>, usize) {
    let length = body.len();
    (body, length)
}

/// For the one file with labels 3 and 7, past any proxy of the environment.
fn downloader(mirrors: &[&str]) -> Downloader {
    let sha256 = idx::labels_from_bytes(Path::new("x"), &plain([3, 7])).expect("sound").sha256;
    let config =
        ureq::Agent::config_builder().proxy(None).timeout_global(Some(Duration::from_secs(20))).build();
    let files = vec![Official { name: NAME, sha256 }];
    Downloader { mirrors: vec![], files, agent: config.new_agent() }.mirrors(mirrors.iter().copied())
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn bad_mirrors_are_passed_over_and_a_good_one_is_used_once() {
    let good = packed(&plain([3, 7]));
    let (server, requests) = serve(Pages::from([
        ("/wrong/t10k-labels-idx1-ubyte.gz", page(packed(&plain([3, 8])))),
        ("/short/t10k-labels-idx1-ubyte.gz", (good[..good.len() - 4].to_vec(), good.len())),
        // Cut off, and the header agrees: only the gzip trailer tells.
        ("/cut/t10k-labels-idx1-ubyte.gz", page(good[..good.len() - 4].to_vec())),
        ("/html/t10k-labels-idx1-ubyte.gz", page(b"<html>please log in</html>".to_vec())),
        ("/good/t10k-labels-idx1-ubyte.gz", page(good)),
    ]));
    let bad = ["none", "wrong", "short", "cut", "html"].map(|name| format!("{server}/{name}/"));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let target = folder.path().join("new");

    let error = downloader(&bad.each_ref().map(|m| &**m)).fetch(&target).expect_err("only bad mirrors");
    let DownloadError::NoMirror { name, attempts, .. } = &error else { panic!("{error}") };
    assert_eq!((*name, attempts.len()), (NAME, 5));
    assert!(
        matches!(&attempts[0].error, AttemptError::Network(e) if matches!(**e, ureq::Error::StatusCode(404)))
    );
    assert!(matches!(attempts[1].error, AttemptError::Checksum { .. }), "{error}");
    assert!(matches!(attempts[2].error, AttemptError::Transfer(_)), "{error}");
    assert!(matches!(attempts[3].error, AttemptError::Damaged(_)), "{error}");
    assert!(matches!(attempts[4].error, AttemptError::Damaged(_)), "{error}");
    assert!(names(&target).is_empty(), "nothing unchecked stays behind");

    let mut mirrors: Vec<&str> = bad.iter().map(|m| &**m).collect();
    let good = format!("{server}/good");
    mirrors.push(&good);
    let path = target.join(format!("{NAME}.gz"));
    let outcome = downloader(&mirrors).fetch(&target).expect("one good mirror");
    let url = format!("{server}/good/{NAME}.gz");
    assert_eq!(outcome, [Outcome::Fetched { path: path.clone(), url }]);
    assert_eq!(idx::read_labels(&path).expect("sound").labels, [3, 7]);

    let before = requests.load(Ordering::SeqCst);
    assert_eq!(downloader(&mirrors).fetch(&target).expect("there"), [Outcome::Present(path)]);
    assert_eq!(requests.load(Ordering::SeqCst), before, "what is there is not asked for");
}

#[test]
fn damaged_files_are_replaced_and_other_digits_are_not() {
    let (server, _) = serve(Pages::from([("/t10k-labels-idx1-ubyte.gz", page(packed(&plain([3, 7]))))]));
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, damaged) in
        [(NAME.to_owned(), plain([3, 7])[..9].to_vec()), (format!("{NAME}.gz"), b"\x1f\x8bnot".to_vec())]
    {
        let path = folder.path().join(&name);
        std::fs::write(&path, damaged).expect("writable");
        downloader(&[&server]).fetch(folder.path()).expect("served");
        assert_eq!(idx::read_labels(&path).expect("replaced").labels, [3, 7]);
        std::fs::remove_file(&path).expect("just written");
    }
    let path = folder.path().join(NAME);
    std::fs::write(&path, plain([1, 2])).expect("writable");
    let error = downloader(&[&server]).fetch(folder.path()).expect_err("somebody's own labels");
    assert!(matches!(error, DownloadError::Occupied { .. }), "{error}");
    assert_eq!(std::fs::read(&path).expect("still there"), plain([1, 2]));
}

#[test]
fn without_a_network_the_message_says_what_was_tried_and_what_to_do() {
    // A port that was free a moment ago: nobody listens.
    let closed = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mirror = format!("http://{closed}");
    let message = downloader(&[&mirror]).fetch(folder.path()).expect_err("nobody listens").to_string();
    for part in [&mirror, NAME, "train-images-idx3-ubyte", "synthetic", &*folder.path().to_string_lossy()] {
        assert!(message.contains(part), "{part} is missing in: {message}");
    }
}
