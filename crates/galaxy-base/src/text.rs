//! Bounds on text, with every cut visible.

/// Keeps the start and the end of `text` within about `max_chars` and says what is missing in
/// between. The end is kept because that is where programs print their errors.
pub fn clip(text: &str, max_chars: usize) -> String {
    let total = text.chars().count();
    if total <= max_chars {
        return text.to_owned();
    }
    let half = max_chars / 2;
    let head: String = text.chars().take(half).collect();
    let tail: String = text.chars().skip(total - half).collect();
    format!("{head}\n[{} characters omitted]\n{tail}", total - 2 * half)
}

/// The first line of `text` within `max_chars`, for titles and log lines.
pub fn headline(text: &str, max_chars: usize) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    if line.chars().count() <= max_chars {
        return line.to_owned();
    }
    let mut kept: String = line.chars().take(max_chars.saturating_sub(1)).collect();
    // A cut inside a word reads worse than a shorter title.
    if let Some(space) = kept.rfind(' ').filter(|at| *at > kept.len() / 2) {
        kept.truncate(space);
    }
    format!("{}…", kept.trim_end())
}

/// `text` with everything in it visible: characters that cannot be seen, that turn the direction
/// of writing round or that steer a terminal are written as `\u{…}`. Line breaks and tabs stay.
pub fn visible(text: &str) -> String {
    let shown = |it: char| if is_hidden(it) { it.escape_unicode().to_string() } else { it.into() };
    if text.chars().any(is_hidden) { text.chars().map(shown).collect() } else { text.to_owned() }
}

fn is_hidden(it: char) -> bool {
    match it {
        '\n' | '\t' => false,
        // Soft hyphen, marks and fillers without width, separators of lines and paragraphs.
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}'
        // Tags and selectors that carry whole hidden texts.
        | '\u{e0000}'..='\u{e0fff}' => true,
        _ => it.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_survive_a_cut() {
        assert_eq!(clip("0123456789", 4), "01\n[6 characters omitted]\n89");
        assert_eq!(clip("ёжик-ёжик", 2), "ё\n[7 characters omitted]\nк");
        assert_eq!(clip("short", 10), "short");
    }

    #[test]
    fn nothing_hides_in_a_text() {
        assert_eq!(visible("plain, ünï, 漢字, 👍\n\tnext"), "plain, ünï, 漢字, 👍\n\tnext");
        let tricks = "a\u{202e}b\u{200b}c\u{1b}[31md\u{e0041}e\u{7}f\r\u{9b}g\u{2028}";
        let shown = r"a\u{202e}b\u{200b}c\u{1b}[31md\u{e0041}e\u{7}f\u{d}\u{9b}g\u{2028}";
        assert_eq!(visible(tricks), shown);
    }

    #[test]
    fn a_headline_is_one_line_and_ends_at_a_word() {
        assert_eq!(headline("\n  What is 17*23?\nPlease", 40), "What is 17*23?");
        assert_eq!(headline("one two three four", 12), "one two…");
        assert_eq!(headline("", 5), "");
    }
}
