//! BM25 (Robertson and Zaragoza 2009) over the candidates of one question.

use super::Candidate;
use crate::terms::Asked;

/// How soon more of the same word stops counting.
const SATURATION: f64 = 1.2;
/// How much long texts are held back.
const LENGTH_SHARE: f64 = 0.75;
/// What a word in a title is worth, compared with one in a message.
const TITLE_WEIGHT: f64 = 1.5;

/// The candidates, best first; among equals, in their own order.
pub(super) fn best<'c>(
    asked: &[Asked],
    candidates: &'c [Candidate],
) -> impl Iterator<Item = &'c Candidate> {
    let mut scored: Vec<(f64, &Candidate)> = scores(asked, candidates).zip(candidates).collect();
    scored.sort_by(|(left, _), (right, _)| right.total_cmp(left));
    scored.into_iter().map(|(_, candidate)| candidate)
}

fn scores(asked: &[Asked], candidates: &[Candidate]) -> impl Iterator<Item = f64> {
    let counts: Vec<(Vec<f64>, f64)> = candidates.iter().map(|it| count(asked, it)).collect();
    let total = candidates.len() as f64;
    let mean = counts.iter().map(|(_, length)| length).sum::<f64>() / total.max(1.0);
    let weights: Vec<f64> = (0..asked.len())
        .map(|word| {
            let having = counts.iter().filter(|(counts, _)| counts[word] > 0.0).count() as f64;
            (1.0 + (total - having + 0.5) / (having + 0.5)).ln()
        })
        .collect();
    counts.into_iter().zip(candidates).map(move |((counts, length), candidate)| {
        let damping = SATURATION * (1.0 - LENGTH_SHARE + LENGTH_SHARE * length / mean.max(1.0));
        let words = counts.iter().zip(&weights);
        let score: f64 = words
            .map(|(count, weight)| weight * count * (SATURATION + 1.0) / (count + damping))
            .sum();
        if candidate.is_title() { score * TITLE_WEIGHT } else { score }
    })
}

/// How often each asked word occurs, and how many words there are.
fn count(asked: &[Asked], candidate: &Candidate) -> (Vec<f64>, f64) {
    let mut counts = vec![0.0; asked.len()];
    let mut length = 0.0;
    for term in candidate.terms.split(' ') {
        length += 1.0;
        for (count, word) in counts.iter_mut().zip(asked) {
            if word.is(term) {
                *count += 1.0;
            }
        }
    }
    (counts, length)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::terms;

    fn ranked(question: &str, texts: &[&str]) -> Vec<usize> {
        let candidates: Vec<Candidate> = texts
            .iter()
            .map(|text| Candidate {
                message: Uuid::now_v7(),
                conversation: Uuid::nil(),
                terms: terms::indexed(text),
            })
            .collect();
        let place = |it: &Candidate| candidates.iter().position(|old| old.message == it.message);
        best(&terms::asked(question), &candidates).filter_map(place).collect()
    }

    #[test]
    fn rare_words_and_short_texts_win() {
        let texts = ["the cat sat on the mat", "a cat and a dog and a cat", "zebra"];
        assert_eq!(ranked("cat zebra ", &texts), [2, 1, 0]);
        let long = format!("zebra {}", "grass ".repeat(200));
        assert_eq!(ranked("zebra ", &[long.as_str(), "one zebra"]), [1, 0]);
    }

    #[test]
    fn equals_keep_their_order() {
        assert_eq!(ranked("tea ", &["tea one", "tea two", "tea six"]), [0, 1, 2]);
    }
}
