//! Some sets in the order that a network finds.

use super::benchmark::scores;
use super::scorer::Scorer;
use crate::data::{FourDigitSets, Shape};
use crate::train::map_picture::canvas::{Canvas, Colour};
use crate::train::map_picture::font;
use crate::train::{PictureError, TrainError, argsort};

/// Sets that are shown.
const SETS: usize = 6;
const MARGIN: usize = 16;
/// Between two numbers.
const GAP: usize = 8;
/// Of the frame that says whether a number is in its place.
const FRAME: usize = 4;
/// Between two sets.
const APART: usize = 12;

const WHITE: Colour = [255, 255, 255];
const INK: Colour = [34, 34, 34];
/// Colours that people with any colour vision tell apart (Okabe and Ito).
const RIGHT: Colour = [86, 180, 233];
const WRONG: Colour = [213, 94, 0];

/// A row for each of the first sets of a split, the number that the network scores lowest on the left. The frame says
/// whether the number is in its place, the line below which number it is.
pub(super) fn picture<N: Scorer>(network: &N, sets: &FourDigitSets) -> Result<Vec<u8>, TrainError> {
    let n = sets.n();
    let (scores, numbers) = scores(network, sets, 0, SETS)?;
    let (pixels, _) = sets.batch(0, SETS);
    let (across, down) = (Shape::WIDTH + 2 * FRAME, Shape::HEIGHT + 2 * FRAME + 14);
    let width = 2 * MARGIN + n * (across + GAP) - GAP;
    let mut canvas = Canvas::new(width, 2 * MARGIN + SETS * (down + APART) - APART, WHITE);
    for (set, (scores, numbers)) in scores.chunks_exact(n).zip(numbers.chunks_exact(n)).enumerate() {
        let truth = argsort(numbers);
        for (place, item) in argsort(scores).into_iter().enumerate() {
            let (x, y) = (MARGIN + place * (across + GAP), MARGIN + set * (down + APART));
            let colour = if truth[place] == item { RIGHT } else { WRONG };
            canvas.rectangle((x, y), (across, Shape::HEIGHT + 2 * FRAME), colour);
            let image = &pixels[(set * n + item) * Shape::WIDTH * Shape::HEIGHT..];
            for (i, grey) in image[..Shape::WIDTH * Shape::HEIGHT].iter().enumerate() {
                let at = (x + FRAME + i % Shape::WIDTH, y + FRAME + i / Shape::WIDTH);
                canvas.rectangle(at, (1, 1), [(255.0 * grey) as u8; 3]);
            }
            let number = numbers[item].to_string();
            let left = x + (across - font::width(&number, 1)) / 2;
            canvas.text(&number, (left, y + Shape::HEIGHT + 2 * FRAME + 5), 1, INK);
        }
    }
    Ok(canvas.png().map_err(PictureError::from)?)
}
