//! Which passwords are accepted. There are no rules of composition: length, and not one of those
//! that everybody tries first.

/// The fewest characters.
const SHORTEST: usize = 12;

/// The most bytes; hashing takes time by length.
const LONGEST: usize = 1_024;

/// A password is too common when this little is left of it without common words.
const LEAST_LEFT: usize = 6;

/// This many common words in a row are a phrase, not a common password.
const PHRASE: usize = 4;

/// The fewest different characters.
const LEAST_DIFFERENT: usize = 5;

/// Words and sequences that people build passwords from, one per line, in lower case.
const COMMON: &str = include_str!("common.txt");

/// Why `password` is refused, if it is. `about` are things that anybody knows about the account or
/// the deployment: address, name, what the application is called.
pub(crate) fn complaint(password: &str, about: &[&str]) -> Option<String> {
    let length = password.chars().count();
    if length < SHORTEST {
        return Some(format!("must have at least {SHORTEST} characters; it has {length}"));
    }
    if password.len() > LONGEST {
        return Some(format!("must have at most {LONGEST} bytes; it has {}", password.len()));
    }
    let plain = squeezed(password);
    let known: Vec<String> = about.iter().map(|it| squeezed(it)).collect();
    if known.iter().any(|it| it.chars().count() >= 4 && plain.contains(it.as_str())) {
        return Some("must not contain your e-mail address or the application's name".to_owned());
    }
    let mut different: Vec<char> = plain.chars().collect();
    different.sort_unstable();
    different.dedup();
    let local_parts = about.iter().filter_map(|it| it.split_once('@')).map(|(it, _)| squeezed(it));
    let extra: Vec<String> = local_parts.filter(|it| it.chars().count() >= 3).collect();
    if different.len() < LEAST_DIFFERENT
        || is_repeated(&plain)
        || is_common(&plain, &extra)
        || is_common(&unmasked(&plain), &extra)
    {
        return Some("is too easy to guess; put together a few words of your own".to_owned());
    }
    None
}

/// Lower case, without what people put between words.
fn squeezed(text: &str) -> String {
    let kept = text.chars().filter(|it| !it.is_whitespace() && !"-_.,".contains(*it));
    kept.flat_map(char::to_lowercase).collect()
}

/// With the usual stand-ins for letters undone.
fn unmasked(text: &str) -> String {
    let letter = |it| match it {
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        other => other,
    };
    text.chars().map(letter).collect()
}

/// Whether the text is one short piece over and over.
fn is_repeated(text: &str) -> bool {
    let letters: Vec<char> = text.chars().collect();
    (1..=letters.len() / 2).any(|length| {
        letters.iter().zip(letters.iter().skip(length)).all(|(one, other)| one == other)
    })
}

/// Whether almost nothing is left of the text without common words.
fn is_common(text: &str, extra: &[String]) -> bool {
    let mut words: Vec<&str> = COMMON.lines().filter(|line| !line.is_empty()).collect();
    words.extend(extra.iter().map(String::as_str));
    words.sort_unstable_by_key(|word| std::cmp::Reverse(word.len()));
    let (mut rest, mut found) = (text.to_owned(), 0);
    for word in words {
        if rest.contains(word) {
            // A space keeps what is left from closing up into another word.
            rest = rest.replace(word, " ");
            found += usize::from(word.len() >= 4 && word.chars().all(char::is_alphabetic));
        }
    }
    rest != text
        && found < PHRASE
        && rest.chars().filter(|it| !it.is_whitespace()).count() < LEAST_LEFT
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABOUT: [&str; 3] = ["ana.silva@example.org", "Ana Silva", "Galaxy Chat"];

    #[test]
    fn length_is_counted_in_characters_and_bounded_in_bytes() {
        assert!(complaint("ten charac!", &ABOUT).unwrap().contains("it has 11"));
        assert_eq!(complaint("ёжик в тумане", &ABOUT), None);
        assert_eq!(complaint(&format!("{}{}", "xyzzy-plugh ".repeat(85), "fin."), &ABOUT), None);
        assert!(complaint(&"xyzzy-plugh ".repeat(86), &ABOUT).is_some());
    }

    #[test]
    fn what_everybody_tries_first_is_refused() {
        let refused = [
            "password1234",
            "P@ssw0rd1234",
            "Passw0rd!2024",
            "password-password",
            "qwertyuiop123",
            "123456789012",
            "aaaaaaaaaaaaaaaa",
            "abcabcabcabc",
            "a1b2a1b2a1b2",
            "iloveyou2023!",
            "letmeinletmein",
            "administrator1",
            "correct horse battery staple",
            "1q2w3e4r5t6y",
            "changeme12345",
            "Welcome2024!!",
            "dragon monkey",
        ];
        for password in refused {
            assert!(complaint(password, &ABOUT).is_some(), "{password}");
        }
    }

    #[test]
    fn what_anybody_knows_about_the_account_is_refused() {
        for password in [
            "ana.silva@example.org!",
            "GalaxyChat-4711-abc",
            "galaxy chat for ever",
            "AnaSilva20241",
            "anasilva!!!!",
        ] {
            assert!(complaint(password, &ABOUT).is_some(), "{password}");
        }
    }

    #[test]
    fn anything_else_is_accepted_without_rules_of_composition() {
        for password in [
            "three quiet lanterns",
            "739104826153",
            "zkqpwmvhtrlx",
            "my password is a long river of tea",
            "Ψηφιακή ζωή 1",
            "correct pony battery clip",
            "tiger banana london guitar",
        ] {
            assert_eq!(complaint(password, &ABOUT), None, "{password}");
        }
    }
}
