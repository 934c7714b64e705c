//! Pictures of results, as SVG files beside the document.

use std::path::PathBuf;

use anyhow::{Context as _, Result, anyhow};
use plotters::coord::ranged1d::{AsRangedCoord, Ranged, ValueFormatter};
use plotters::prelude::{
    ChartBuilder, Color as _, IntoDrawingArea as _, IntoLogRange as _, LineSeries, PathElement,
    RGBColor, SVGBackend, SeriesLabelPosition, WHITE,
};
use servers::places::workspace_root;

const SIZE: (u32, u32) = (900, 420);

/// Apart from each other for people who do not tell red from green too.
const COLOURS: [RGBColor; 6] = [
    RGBColor(0, 90, 181),
    RGBColor(220, 50, 32),
    RGBColor(120, 94, 240),
    RGBColor(90, 90, 90),
    RGBColor(0, 130, 110),
    RGBColor(230, 140, 0),
];

/// How far apart equal steps are drawn.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Axes {
    /// From nothing on, equally far.
    Linear,
    /// As far as they are apart as ratios.
    Logarithmic,
}

/// Lines over a common axis.
pub(super) struct Picture<'text> {
    pub(super) title: &'text str,
    pub(super) horizontal: &'text str,
    pub(super) vertical: &'text str,
    pub(super) axes: Axes,
    pub(super) lines: Vec<Line<'text>>,
}

/// The points of one line, from left to right.
pub(super) struct Line<'text> {
    pub(super) label: &'text str,
    pub(super) points: Vec<(f64, f64)>,
}

impl Picture<'_> {
    /// Draws it into `docs/<name>.svg`.
    pub(super) fn draw(&self, name: &str) -> Result<PathBuf> {
        let path = workspace_root().join(format!("docs/{name}.svg"));
        let mut text = String::new();
        self.write(&mut text)
            .map_err(|error| anyhow!("cannot draw {name}: {error}"))?;
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path)
    }

    fn write(&self, text: &mut String) -> Result<(), Box<dyn std::error::Error + '_>> {
        let most = (self.most(|point| point.0), self.most(|point| point.1));
        match self.axes {
            Axes::Linear => self.plot(text, 0.0..most.0, 0.0..most.1 * 1.1),
            Axes::Logarithmic => {
                let least = (self.least(|point| point.0), self.least(|point| point.1));
                self.plot(
                    text,
                    (least.0..most.0).log_scale(),
                    (least.1..most.1).log_scale(),
                )
            }
        }
    }

    fn plot<X, Y>(
        &self,
        text: &mut String,
        horizontal: X,
        vertical: Y,
    ) -> Result<(), Box<dyn std::error::Error + '_>>
    where
        X: AsRangedCoord<Value = f64>,
        X::CoordDescType: Ranged<ValueType = f64> + ValueFormatter<f64>,
        Y: AsRangedCoord<Value = f64>,
        Y::CoordDescType: Ranged<ValueType = f64> + ValueFormatter<f64>,
    {
        let area = SVGBackend::with_string(text, SIZE).into_drawing_area();
        area.fill(&WHITE)?;
        let mut chart = ChartBuilder::on(&area)
            .caption(self.title, ("sans-serif", 20))
            .margin(16)
            .x_label_area_size(44)
            .y_label_area_size(60)
            .build_cartesian_2d(horizontal, vertical)?;
        chart
            .configure_mesh()
            .light_line_style(WHITE)
            .x_desc(self.horizontal)
            .y_desc(self.vertical)
            .label_style(("sans-serif", 14))
            .axis_desc_style(("sans-serif", 14))
            .draw()?;
        for (line, colour) in self.lines.iter().zip(COLOURS.iter().cycle()) {
            let style = colour.stroke_width(2);
            chart
                .draw_series(LineSeries::new(line.points.iter().copied(), style))?
                .label(line.label)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 20, y)], style));
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::MiddleRight)
            .background_style(WHITE)
            .label_font(("sans-serif", 14))
            .draw()?;
        area.present()?;
        Ok(())
    }

    /// The smallest of one coordinate.
    fn least(&self, coordinate: impl Fn(&(f64, f64)) -> f64) -> f64 {
        let points = self.lines.iter().flat_map(|line| &line.points);
        points.map(coordinate).fold(f64::MAX, f64::min)
    }

    /// The largest of one coordinate, and never nothing, which would be no axis.
    fn most(&self, coordinate: impl Fn(&(f64, f64)) -> f64) -> f64 {
        let points = self.lines.iter().flat_map(|line| &line.points);
        points.map(coordinate).fold(f64::MIN_POSITIVE, f64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_its_words_and_a_path_for_each_line() {
        let line = |label, end| Line {
            label,
            points: vec![(0.0, 0.0), (1.0, end)],
        };
        let picture = Picture {
            title: "Connections",
            horizontal: "seconds",
            vertical: "connections",
            axes: Axes::Linear,
            lines: vec![line("straight", 200.0), line("pooled", 20.0)],
        };
        let mut text = String::new();
        picture.write(&mut text).unwrap();
        for word in ["<svg", "Connections", "seconds", "straight", "pooled"] {
            assert!(text.contains(word), "{word}");
        }
        for colour in ["#005AB5", "#DC3220"] {
            assert!(text.contains(colour), "{colour}: {text}");
        }
    }
}
