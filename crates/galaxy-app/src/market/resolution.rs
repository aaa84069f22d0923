//! What an entry and some answers come to, and the digest that a yes to it carries.

use std::collections::{BTreeMap, BTreeSet};

use galaxy_base::ExposeSecret;
use galaxy_domain::{
    Caller,
    tool_server::{Link, Origin},
};
use galaxy_registry::{Defect, How, Inputs, Reached, Status, Way, Worth, listed, resolve};
use serde_json::json;

use super::Offer;
use crate::{
    App, AppError, Mistake,
    servers::{Known, LinkRequest, Mistakes, Outward, Value, folders_of},
};

/// What somebody chose of an entry.
#[derive(Debug, Clone)]
pub struct Choice {
    /// Which version; the newest if not said.
    pub version: Option<String>,
    /// Which of its ways.
    pub way: String,
    /// What they answered.
    pub inputs: Inputs,
}

/// What that comes to.
#[derive(Debug, Clone)]
pub struct Resolution {
    /// The entry.
    pub entry: String,
    /// Its version.
    pub version: String,
    /// The way that was chosen.
    pub way: String,
    /// What would be run or reached, in full; `None` while something is wrong.
    pub link: Option<Link>,
    /// Values of headers or of the environment by name; `None` for those that nobody may see.
    pub values: BTreeMap<String, Option<String>>,
    /// Stands for all of the above; `None` while something is wrong.
    pub digest: Option<String>,
    /// Everything that is wrong.
    pub mistakes: Vec<Mistake>,
}

/// A resolution that can be acted on.
pub(super) struct Prepared {
    /// What is shown.
    pub(super) resolution: Resolution,
    /// What the use cases of tool servers are asked for.
    pub(super) request: Option<LinkRequest>,
    /// What is remembered.
    pub(super) origin: Origin,
}

impl Prepared {
    /// What to do, if nothing is wrong and it is what was consented to.
    pub(super) fn consented(self, digest: &str) -> Result<(LinkRequest, Origin), AppError> {
        let Resolution { mistakes, digest: shown, .. } = self.resolution;
        let (Some(request), Some(shown)) = (self.request, shown) else {
            return Err(AppError::Invalid(mistakes));
        };
        if shown != digest {
            let words = "This is not what was shown. Look at it again.";
            return Err(AppError::Conflict(words.to_owned()));
        }
        Ok((request, self.origin))
    }
}

impl App {
    /// Says what would be run or reached; nothing is stored, started or sent.
    ///
    /// # Errors
    /// [`AppError::NotFound`] where there is no such entry, version or way.
    pub async fn resolve_offer(
        &self,
        caller: &Caller,
        name: &str,
        choice: &Choice,
    ) -> Result<Resolution, AppError> {
        let offer = self.offer(name, choice.version.as_deref()).await?;
        Ok(self.prepare(caller, &offer, choice, &Known::default())?.resolution)
    }

    /// Prepares what was chosen. What is `known` already of a server stays where nobody answers.
    pub(super) fn prepare(
        &self,
        caller: &Caller,
        offer: &Offer,
        choice: &Choice,
        known: &Known<'_>,
    ) -> Result<Prepared, AppError> {
        let way = offer.entry.way(&choice.way).ok_or(AppError::NotFound)?;
        let mut mistakes = Mistakes::default();
        if offer.status == Status::Deleted {
            mistakes.add("/version", "was taken out of its registry");
        }
        if is_program(way) && self.place_of(caller, true, false).is_err() {
            mistakes.add("/way", "only an administrator may add a program");
        }
        let kept: BTreeSet<String> = known.values.keys().cloned().collect();
        let (mut request, mut values, mut link) = (None, BTreeMap::new(), None);
        match resolve(way, &choice.inputs, &kept) {
            Ok(reached) => {
                values = shown(&reached);
                let asked = asked(reached, known.link);
                self.refuse_programs(&asked, &mut mistakes);
                link = mistakes.link(&asked, known, &self.servers.config).map(|(link, _)| link);
                request = Some(asked);
            }
            Err(defects) => defects.iter().for_each(|it| mistakes.add(&pointer(it), &*it.message)),
        }
        let mistakes = match mistakes.end() {
            Err(AppError::Invalid(mistakes)) => mistakes,
            Ok(()) | Err(_) => Vec::new(),
        };
        let (entry, version) = (offer.entry.name.clone(), offer.entry.version.clone());
        let is_good = mistakes.is_empty();
        let digest = link.as_ref().filter(|_| is_good).map(|link| {
            let all = json!({ "entry": entry, "version": version, "way": way.key, "link": link,
                "values": values });
            listed::digest(&all.to_string())
        });
        let inputs = visible(way, &choice.inputs);
        let key = way.key.clone();
        let origin =
            Origin { entry: entry.clone(), version: version.clone(), way: key.clone(), inputs };
        let resolution = Resolution { entry, version, way: key, link, values, digest, mistakes };
        Ok(Prepared { resolution, request: request.filter(|_| is_good), origin })
    }

    /// Refuses what the caller may not add, before anything is told of it.
    pub(super) fn may_add(
        &self,
        caller: &Caller,
        offer: &Offer,
        way: &str,
        (shared, trusted): (bool, bool),
    ) -> Result<(), AppError> {
        let is_program = offer.entry.way(way).is_some_and(is_program);
        self.place_of(caller, is_program || trusted, shared).map(|_| ())
    }
}

const fn is_program(way: &Way) -> bool {
    matches!(way.how, How::Package(_))
}

/// What is asked of the use cases of tool servers. What somebody allowed a program, in the place of
/// which this comes, stays allowed, and no more.
fn asked(reached: Reached, before: Option<&Link>) -> LinkRequest {
    let values = |worths: BTreeMap<String, Worth>| {
        let value = |worth| match worth {
            Worth::Plain(text) => Value::Set(text.into()),
            Worth::Secret(secret) => Value::Set(secret),
            Worth::Kept => Value::Keep,
        };
        worths.into_iter().map(|(name, worth)| (name, value(worth))).collect()
    };
    match reached {
        Reached::Program { command, arguments, environment } => {
            let (folders, network) = match before {
                Some(Link::Program { folders, network, .. }) => (folders.clone(), *network),
                // Whatever runs a package fetches it first. More than that, and more than reading
                // what its arguments name, is for whoever looks after the server to say.
                Some(Link::Http { .. }) | None => (folders_of(&arguments), Outward::Web),
            };
            let environment = values(environment);
            LinkRequest::Program { command, arguments, environment, folders, network }
        }
        Reached::Http { url, headers } => {
            LinkRequest::Http { url, headers: values(headers), inside: false }
        }
    }
}

fn shown(reached: &Reached) -> BTreeMap<String, Option<String>> {
    let (Reached::Program { environment: worths, .. } | Reached::Http { headers: worths, .. }) =
        reached;
    let value = |worth: &Worth| match worth {
        Worth::Plain(text) => Some(text.clone()),
        Worth::Secret(_) | Worth::Kept => None,
    };
    worths.iter().map(|(name, worth)| (name.clone(), value(worth))).collect()
}

/// Those answers that may be seen, to be shown again when there is a newer version.
fn visible(way: &Way, inputs: &Inputs) -> BTreeMap<String, Vec<String>> {
    let questions = way.questions();
    let may_be_seen = |key: &str| questions.iter().any(|it| it.key == key && !it.is_secret);
    let answers = inputs.iter().filter(|(key, _)| may_be_seen(key)).map(|(key, answers)| {
        (key.clone(), answers.iter().map(|it| it.expose_secret().to_owned()).collect())
    });
    answers.collect()
}

/// Where a defect is, in a request.
fn pointer(defect: &Defect) -> String {
    if defect.key.is_empty() {
        return "/way".to_owned();
    }
    format!("/inputs/{}", defect.key.replace('~', "~0").replace('/', "~1"))
}

#[cfg(test)]
mod tests {
    use galaxy_domain::tool_server::Folder;

    use super::*;

    #[test]
    fn a_newer_version_may_do_what_the_older_one_was_allowed() {
        let reached = || Reached::Program {
            command: "npx".to_owned(),
            arguments: vec!["-y".to_owned(), "files@2".to_owned(), "/usr".to_owned()],
            environment: BTreeMap::new(),
        };
        let of = |request| match request {
            LinkRequest::Program { folders, network, .. } => (folders, network),
            LinkRequest::Http { .. } => panic!("a program"),
        };
        let folder = |path: &str, write| Folder { path: path.to_owned(), write };
        assert_eq!(of(asked(reached(), None)), (vec![folder("/usr", false)], Outward::Web));
        let before = Link::Program {
            command: "/usr/bin/npx".to_owned(),
            arguments: Vec::new(),
            environment: Vec::new(),
            folders: vec![folder("/srv", true)],
            network: Outward::Nowhere,
        };
        let (folders, network) = of(asked(reached(), Some(&before)));
        assert_eq!((folders, network), (vec![folder("/srv", true)], Outward::Nowhere));
    }
}
