use super::canvas::Colour;
use super::panels::*;
use super::*;
use crate::algorithms::Dijkstra;
use crate::data::warcraft::Warcraft;

/// Width and pixels of a PNG file.
fn decode(file: &[u8]) -> (usize, Vec<u8>) {
    let mut reader = png::Decoder::new(io::Cursor::new(file)).read_info().expect("a PNG file");
    let mut pixels = vec![0; reader.output_buffer_size().expect("a small picture")];
    let info = reader.next_frame(&mut pixels).expect("an image");
    assert_eq!((info.color_type, info.bit_depth), (png::ColorType::Rgb, png::BitDepth::Eight));
    (info.width as usize, pixels)
}

/// Two rows of three cells of 2 x 2 pixels; pixel i of the image is (i, 100 + i, 200).
struct Small {
    image: Vec<u8>,
    costs: [f32; 6],
    path: [f32; 6],
    predicted_costs: [f32; 6],
    predicted_path: [f32; 6],
}

impl Small {
    fn new() -> Self {
        Self {
            image: (0..24).flat_map(|i| [i, 100 + i, 200]).collect(),
            costs: [1.0, 2.0, 3.0, 4.0, 5.0, 9.0],
            path: [1.0, 1.0, 0.0, 0.0, 0.0, 1.0],
            predicted_costs: [-1.0, 7.0, 7.0, 7.0, 7.0, 7.0],
            predicted_path: [1.0, 0.0, 0.0, 0.0, 1.0, 1.0],
        }
    }

    fn picture(&self) -> MapPicture<'_> {
        let Self { image, costs, path, predicted_costs, predicted_path } = self;
        MapPicture { rows: 2, columns: 3, image, costs, path, predicted_costs, predicted_path }
    }
}

const LEFTS: [usize; 4] = [16, 16 + 72 + 16, 104 + 72 + 92 + 16, 284 + 72 + 92 + 16];

#[test]
fn every_panel_shows_what_it_should() {
    let small = Small::new();
    let (width, pixels) = decode(&small.picture().png().expect("a picture"));
    assert_eq!((width, pixels.len()), (LEFTS[3] + 72 + 16, 3 * width * (44 + 48 + 44)));
    // The pixel at (x, y) of a cell of a panel.
    let at = |panel: usize, cell: usize, (x, y): (usize, usize)| -> Colour {
        let (x, y) = (LEFTS[panel] + cell % 3 * CELL + x, TOP + cell / 3 * CELL + y);
        std::array::from_fn(|c| pixels[3 * (y * width + x) + c])
    };
    // Cell 4 of the map is made of pixels 14, 15, 20, 21 of the image.
    for (corner, pixel) in [((0, 0), 14), ((23, 0), 15), ((0, 23), 20), ((23, 23), 21)] {
        assert_eq!(at(0, 4, corner), [pixel, 100 + pixel, 200]);
        assert_eq!(at(3, 4, corner), [pixel, 100 + pixel, 200].map(|v| (f32::from(v) * 0.45) as u8));
    }
    // Costs by colour, each panel on its own scale; the paths' middles are white.
    for cell in 0..6 {
        let share = f64::from((small.costs[cell] - 1.0) / 8.0);
        assert_eq!(at(1, cell, (12, 1)), heat(share), "cell {cell}");
        assert_eq!(at(2, cell, (12, 1)), if cell == 0 { HEAT[0] } else { HEAT[4] }, "cell {cell}");
        assert_eq!(at(1, cell, (12, 12)) == WHITE, small.path[cell] == 1.0, "cell {cell}");
        assert_eq!(at(2, cell, (12, 12)) == WHITE, small.predicted_path[cell] == 1.0, "cell {cell}");
        let both = match cell {
            0 | 5 => Some(WHITE),
            1 => Some(TRUE_ONLY),
            4 => Some(PREDICTED_ONLY),
            _ => None,
        };
        let found = at(3, cell, (12, 12));
        assert!(
            both.map_or(![WHITE, TRUE_ONLY, PREDICTED_ONLY].contains(&found), |both| both == found),
            "{cell}"
        );
    }
    // The scale beside the true costs: dear at the top, cheap at the bottom.
    let bar = |y: usize| at(1, 2, (CELL + 8, y));
    assert_eq!((bar(0), bar(47)), (HEAT[4], HEAT[0]));
    // Cells of the path are joined, others are not.
    assert_eq!(at(1, 0, (23, 12)), WHITE);
    assert_ne!(at(2, 0, (23, 12)), WHITE);
}

#[test]
fn stacked_maps_are_the_single_ones_below_each_other() {
    let small = Small::new();
    let (one, other) = (small.picture(), MapPicture { path: &small.predicted_path, ..small.picture() });
    let rows = |(width, pixels): (usize, Vec<u8>), from: usize, count: usize| {
        pixels[3 * width * from..3 * width * (from + count)].to_vec()
    };
    let both = decode(&MapPicture::stacked(&[one, other]).expect("a picture"));
    for (map, top) in [(one, TOP), (other, TOP + 2 * CELL + 16)] {
        let alone = decode(&map.png().expect("a picture"));
        assert!(rows(both.clone(), top, 2 * CELL) == rows(alone, TOP, 2 * CELL));
    }
    // Titles and the legend stand there once.
    let alone = decode(&one.png().expect("a picture"));
    assert!(rows(both.clone(), 0, TOP) == rows(alone.clone(), 0, TOP));
    assert!(rows(both, TOP + 4 * CELL + 16, 44) == rows(alone, TOP + 2 * CELL, 44));
    assert!(MapPicture::stacked(&[]).is_err());
}

#[test]
fn numbers_are_short_and_legible() {
    let wanted =
        [(0.0, "0"), (0.8, "0.80"), (-5.25, "-5.25"), (12.345, "12.3"), (1234.5, "1234"), (1.5e7, "1.5e7")];
    for (value, text) in wanted {
        assert_eq!(number(value), text);
    }
    assert_eq!(number(-2.5e-38), "-2.5e-38");
    let unknown = font::glyph('?');
    let words = "MAP TRUE COSTS PREDICTED PATHS BOTH 0123456789.-e";
    assert!(words.chars().all(|letter| font::glyph(letter) != unknown));
    // No two letters look alike.
    let mut glyphs: Vec<_> = words.chars().map(|letter| (font::glyph(letter), letter)).collect();
    glyphs.sort_unstable();
    glyphs.dedup();
    assert!(glyphs.windows(2).all(|pair| pair[0].0 != pair[1].0));
}

#[test]
fn extreme_costs_have_a_picture() {
    let mut small = Small::new();
    small.costs = [f32::MAX, f32::MIN, 0.0, 1.0, -1.0, f32::MIN_POSITIVE];
    small.predicted_costs = [3.0; 6];
    assert!(small.picture().png().is_ok());
    let one =
        MapPicture { rows: 1, columns: 1, image: &[9; 3], costs: &[1.0], path: &[1.0], ..small.picture() };
    assert!(one.png().is_err());
    let one = MapPicture { predicted_costs: &[1.0], predicted_path: &[1.0], ..one };
    assert!(one.png().is_ok());
}

#[test]
fn what_does_not_fit_is_refused_and_the_file_stays() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("pictures/map.png");
    let mut small = Small::new();
    small.picture().save(&file).expect("writable");
    let before = std::fs::read(&file).expect("readable");
    assert_eq!(before, small.picture().png().expect("a picture"));
    let refused = |picture: MapPicture<'_>| picture.save(&file).expect_err("refused").to_string();
    let sound = small.picture();
    assert_eq!(refused(MapPicture { path: &[1.0; 5], ..sound }), "`path` has 5 elements, expected 6");
    assert_eq!(refused(MapPicture { rows: 0, ..sound }), "a map of 0 x 3 cells, expected 1 to 64 each way");
    assert_eq!(
        refused(MapPicture { columns: 65, ..sound }),
        "a map of 2 x 65 cells, expected 1 to 64 each way"
    );
    assert!(refused(MapPicture { image: &small.image[1..], ..sound }).starts_with("`image` has 71 elements"));
    small.predicted_costs[4] = f32::NAN;
    assert_eq!(refused(small.picture()), "`predicted_costs` is NaN in cell (1, 1)");
    assert_eq!(std::fs::read(&file).expect("readable"), before);
    assert_eq!(std::fs::read_dir(folder.path().join("pictures")).expect("a folder").count(), 1);
}

#[test]
fn a_map_of_the_benchmark_s_size() {
    let maps = Warcraft::synthetic_sized(1, 0, 0, 1).test;
    // A prediction that is half right.
    let predicted: Vec<f32> =
        maps.costs(0).iter().enumerate().map(|(i, c)| c * 0.3 + (i % 7) as f32 * 0.4).collect();
    let (mut path, mut predicted_path) = ([0.0; 144], [0.0; 144]);
    let mut solver = Dijkstra::new(12, 12).expect("a grid");
    solver.solve(maps.costs(0), &mut path).expect("finite");
    solver.solve(&predicted, &mut predicted_path).expect("finite");
    let picture = MapPicture {
        rows: 12,
        columns: 12,
        image: maps.image(0),
        costs: maps.costs(0),
        path: &path,
        predicted_costs: &predicted,
        predicted_path: &predicted_path,
    };
    let (width, pixels) = decode(&picture.png().expect("a picture"));
    assert_eq!((width, pixels.len() / 3 / width), (4 * 288 + 2 * 92 + 5 * 16, 44 + 288 + 44));
}
