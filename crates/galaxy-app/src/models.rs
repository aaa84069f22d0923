//! The models of the deployment, and how they are.

use std::sync::Arc;

use galaxy_access::within;
use galaxy_domain::{Caller, access::Create, id::Conversation};
use galaxy_model::catalogue::Catalogue;
pub use galaxy_model::catalogue::{Listed as ModelInfo, Status};

use crate::{App, AppError};

impl App {
    /// All models, and the name of the one that answers when nobody chose.
    pub fn models(&self) -> (Vec<ModelInfo>, Option<String>) {
        let default = self.catalogue.get(None).map(|model| model.profile().name.clone());
        (self.catalogue.list(), default)
    }

    /// Whether calls to models are switched off.
    pub fn models_disabled(&self) -> bool {
        self.catalogue.is_disabled()
    }

    /// Checks one model, or all of them, and lists them.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is no such model; [`AppError::Denied`] to whoever may
    /// not ask one anything.
    pub async fn check_models(
        &self,
        caller: &Caller,
        name: Option<&str>,
    ) -> Result<Vec<ModelInfo>, AppError> {
        // It costs tokens.
        within::<Create, Conversation>(caller)?;
        match name {
            Some(name) => {
                self.catalogue.probe(name).await.ok_or(AppError::NotFound)?;
            }
            None => self.catalogue.probe_all().await,
        }
        Ok(self.catalogue.list())
    }

    /// The models a provider offers, by its own names.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is no such provider; [`AppError::Model`] when it does not
    /// say.
    pub async fn remote_models(
        &self,
        provider: &str,
        refresh: bool,
    ) -> Result<Vec<String>, AppError> {
        let models = self.catalogue.remote_models(provider, refresh).await;
        Ok(models.ok_or(AppError::NotFound)??.names)
    }

    /// The models, for background checks.
    pub fn catalogue(&self) -> &Arc<Catalogue> {
        &self.catalogue
    }
}
