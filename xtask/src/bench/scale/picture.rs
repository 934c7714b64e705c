//! Times against the size of the table.

use super::{
    Scale,
    cost::Cost,
    lists::{AtPlace, Place},
};
use crate::bench::picture::{Axes, Line, Picture};

pub(super) fn of(scales: &[Scale]) -> Picture<'static> {
    let line = |label, time: &dyn Fn(&Scale) -> Option<&Cost>| Line {
        label,
        points: scales
            .iter()
            .filter_map(|scale| {
                let milliseconds = time(scale)?.median().as_secs_f64() * 1e3;
                Some((f64::from(scale.users), milliseconds))
            })
            .collect(),
    };
    Picture {
        title: "Medians, ours (low) and the seed's",
        horizontal: "users",
        vertical: "milliseconds",
        axes: Axes::Logarithmic,
        lines: vec![
            line("statistics", &|scale| Some(&scale.statistics.kept)),
            line("statistics, one scan", &|scale| {
                Some(&scale.statistics.one_scan)
            }),
            line("deep page", &|scale| Some(&deep(scale)?.ours_plain)),
            line("deep page, OFFSET", &|scale| Some(&deep(scale)?.seed_plain)),
            line("rare search", &|scale| Some(&rare(scale)?.ours)),
            line("rare search, ILIKE", &|scale| rare(scale)?.seed.as_ref()),
        ],
    }
}

fn deep(scale: &Scale) -> Option<&AtPlace> {
    let mut places = scale.lists.places.iter();
    places.find(|at| at.place == Place::Deep)
}

fn rare(scale: &Scale) -> Option<&super::searches::OfTerm> {
    scale.searches.terms.first()
}
