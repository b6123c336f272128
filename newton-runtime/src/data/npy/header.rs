//! The header of an npy file: a Python dictionary of three entries, of which exactly what numpy writes is understood.

use std::path::Path;

use super::NpyError;

/// What a header says about its array.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// The type of the numbers.
    pub descr: String,
    /// Columns first.
    pub fortran_order: bool,
    pub shape: Vec<u64>,
}

/// numpy itself stops at 64.
pub(super) const MOST_DIMENSIONS: usize = 32;

/// Parses everything after the header's length; one pass over `text`, whose length was checked.
pub(super) fn parse(file: &Path, text: &[u8]) -> Result<Header, NpyError> {
    let mut parser = Parser { file, text, at: 0, field: "dictionary" };
    let (mut descr, mut fortran_order, mut shape) = (None, None, None);
    parser.expect(b'{', "no `{`")?;
    loop {
        parser.field = "dictionary";
        if parser.take(b'}') {
            break;
        }
        let key = parser.string()?;
        parser.field = match key {
            b"descr" => "descr",
            b"fortran_order" => "fortran_order",
            b"shape" => "shape",
            _ => return Err(parser.wrong("an unknown key")),
        };
        parser.expect(b':', "no `:`")?;
        let twice = match parser.field {
            "descr" => descr.replace(parser.descr()?).is_some(),
            "fortran_order" => fortran_order.replace(parser.boolean()?).is_some(),
            _ => shape.replace(parser.tuple()?).is_some(),
        };
        if twice {
            return Err(parser.wrong("given twice"));
        }
        if !parser.take(b',') {
            parser.field = "dictionary";
            parser.expect(b'}', "neither `,` nor `}`")?;
            break;
        }
    }
    // numpy pads with spaces and ends with a newline; anything else was meant to be read by somebody.
    match parser.text[parser.at..].iter().position(|&byte| byte != b' ') {
        Some(end) if parser.text[parser.at + end..] == *b"\n" => {}
        end => {
            parser.at += end.unwrap_or(parser.text.len() - parser.at);
            return Err(parser.wrong("no newline after the padding"));
        }
    }
    let missing = |field| NpyError::Missing { file: file.into(), field };
    Ok(Header {
        descr: descr.ok_or_else(|| missing("descr"))?,
        fortran_order: fortran_order.ok_or_else(|| missing("fortran_order"))?,
        shape: shape.ok_or_else(|| missing("shape"))?,
    })
}

struct Parser<'a> {
    file: &'a Path,
    text: &'a [u8],
    at: usize,
    /// What is being read, for errors.
    field: &'static str,
}

impl<'a> Parser<'a> {
    fn wrong(&self, what: &'static str) -> NpyError {
        NpyError::Header { file: self.file.into(), field: self.field, what, at: self.at }
    }

    /// The next byte that is no space.
    fn peek(&mut self) -> Option<u8> {
        while self.text.get(self.at) == Some(&b' ') {
            self.at += 1;
        }
        self.text.get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn expect(&mut self, byte: u8, otherwise: &'static str) -> Result<(), NpyError> {
        if self.take(byte) { Ok(()) } else { Err(self.wrong(otherwise)) }
    }

    /// A string in single or double quotes. No type and no key has a backslash or a letter beyond ASCII.
    fn string(&mut self) -> Result<&'a [u8], NpyError> {
        let Some(quote @ (b'\'' | b'"')) = self.peek() else { return Err(self.wrong("no string")) };
        let start = self.at + 1;
        let length = self.text[start..].iter().position(|&byte| byte == quote);
        let Some(length) = length else { return Err(self.wrong("an unfinished string")) };
        let string = &self.text[start..start + length];
        if string.iter().any(|&byte| byte == b'\\' || !(b' '..=b'~').contains(&byte)) {
            return Err(self.wrong("a string with letters that need an escape"));
        }
        self.at = start + length + 1;
        Ok(string)
    }

    /// A simple type. Structures are refused whatever is in them, so they are not read.
    fn descr(&mut self) -> Result<String, NpyError> {
        if let Some(b'[' | b'(' | b'{') = self.peek() {
            return Err(NpyError::Structure { file: self.file.into() });
        }
        Ok(String::from_utf8_lossy(self.string()?).into_owned())
    }

    fn boolean(&mut self) -> Result<bool, NpyError> {
        self.peek();
        for (word, value) in [(&b"False"[..], false), (b"True", true)] {
            if self.text[self.at..].starts_with(word) {
                self.at += word.len();
                return Ok(value);
            }
        }
        Err(self.wrong("neither True nor False"))
    }

    /// `()`, `(3,)`, `(3, 4)`, `(3, 4,)`; `(3)` is a number in Python, and no shape.
    fn tuple(&mut self) -> Result<Vec<u64>, NpyError> {
        let mut numbers = Vec::new();
        self.expect(b'(', "no tuple")?;
        loop {
            if self.take(b')') {
                return Ok(numbers);
            }
            if numbers.len() == MOST_DIMENSIONS {
                return Err(self.wrong("more than 32 dimensions"));
            }
            numbers.push(self.number()?);
            if !self.take(b',') {
                if numbers.len() == 1 {
                    return Err(self.wrong("no `,` in a tuple of one"));
                }
                self.expect(b')', "neither `,` nor `)`")?;
                return Ok(numbers);
            }
        }
    }

    fn number(&mut self) -> Result<u64, NpyError> {
        self.peek();
        let digits = &self.text[self.at..];
        let length = digits.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(digits.len());
        let digits = &digits[..length];
        if digits.is_empty() || digits.len() > 1 && digits[0] == b'0' {
            return Err(self.wrong("no number"));
        }
        let value = digits
            .iter()
            .try_fold(0u64, |value, digit| value.checked_mul(10)?.checked_add(u64::from(digit - b'0')));
        let value = value.ok_or_else(|| self.wrong("a number beyond 2^64"))?;
        self.at += length;
        Ok(value)
    }
}
