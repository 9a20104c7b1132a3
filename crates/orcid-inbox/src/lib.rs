//! Asking people for permission and taking their answer: notifications, landing and callback pages, e-mail invitations.
