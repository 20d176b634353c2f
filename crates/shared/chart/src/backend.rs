//! The plotters backend: geometry goes in as integers on a virtual canvas, marks with class names come out.
//!
//! Knows no data and no CSS. Invariant: colours never reach a mark; a colour is only the index of a class (see `ink`).

use plotters::style::RGBColor;
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
};
use std::convert::Infallible;

/// Virtual units across the whole width: x is written in hundredths of a per cent.
pub(crate) const WIDE: u32 = 10_000;
/// Virtual units per px of height.
pub(crate) const PER_PX: u32 = 10;

/// What was drawn. `x` is a share of the width (0 to 1), `y` is px; `ink` is the index that `ink()` was given.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Mark {
    Path { ink: usize, points: Vec<(f64, f64)>, closed: bool },
    Rect { ink: usize, from: (f64, f64), to: (f64, f64) },
    Circle { ink: usize, at: (f64, f64), radius: f64 },
}

/// The colour that stands for the class with this index.
pub(crate) fn ink(index: usize) -> RGBColor {
    RGBColor((index >> 16) as u8, (index >> 8) as u8, index as u8)
}

fn index(color: BackendColor) -> usize {
    let (r, g, b) = color.rgb;
    usize::from(r) << 16 | usize::from(g) << 8 | usize::from(b)
}

pub(crate) struct MarkBackend<'a> {
    pub(crate) marks: &'a mut Vec<Mark>,
    /// Height in px.
    pub(crate) height: u32,
}

fn place((x, y): BackendCoord) -> (f64, f64) {
    (f64::from(x) / f64::from(WIDE), f64::from(y) / f64::from(PER_PX))
}

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

impl MarkBackend<'_> {
    fn path(&mut self, points: impl IntoIterator<Item = BackendCoord>, color: BackendColor, closed: bool) {
        let points: Vec<_> = points.into_iter().map(place).collect();
        if color.alpha > 0.0 && !points.is_empty() {
            self.marks.push(Mark::Path { ink: index(color), points, closed });
        }
    }
}

impl DrawingBackend for MarkBackend<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        // plotters maps a range onto first and last pixel, hence one more than the distance between them.
        (WIDE + 1, self.height * PER_PX + 1)
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, point: BackendCoord, color: BackendColor) -> Drawn {
        self.path([point], color, false);
        Ok(())
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn {
        self.path([from, to], style.color(), false);
        Ok(())
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
        _fill: bool,
    ) -> Drawn {
        let ink = index(style.color());
        self.marks.push(Mark::Rect { ink, from: place(from), to: place(to) });
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        self.path(path, style.color(), false);
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        at: BackendCoord,
        radius: u32,
        style: &S,
        _fill: bool,
    ) -> Drawn {
        let radius = f64::from(radius) / f64::from(PER_PX);
        self.marks.push(Mark::Circle { ink: index(style.color()), at: place(at), radius });
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        vert: I,
        style: &S,
    ) -> Drawn {
        self.path(vert, style.color(), true);
        Ok(())
    }

    // Text is never drawn through plotters: its measuring differs between the server and the browser.
    fn draw_text<T: BackendTextStyle>(&mut self, _text: &str, _style: &T, _at: BackendCoord) -> Drawn {
        Ok(())
    }

    fn estimate_text_size<T: BackendTextStyle>(
        &self,
        _text: &str,
        _style: &T,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        Ok((0, 0))
    }

    fn blit_bitmap(&mut self, _at: BackendCoord, _size: (u32, u32), _pixels: &[u8]) -> Drawn {
        Ok(())
    }
}
