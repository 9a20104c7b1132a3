//! Drives the simulator over HTTP as a client and a browser would, with raw XML.

#[cfg(test)]
mod documents;
#[cfg(test)]
mod harness;

#[cfg(test)]
mod acceptance;
#[cfg(test)]
mod authorize;
#[cfg(test)]
mod errors;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod memberships;
#[cfg(test)]
mod notifications;
#[cfg(test)]
mod operator;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod refused_documents;
#[cfg(test)]
mod schemas;
#[cfg(test)]
mod switches;
#[cfg(test)]
mod tokens;
