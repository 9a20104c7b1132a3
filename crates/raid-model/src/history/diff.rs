//! The difference of two JSON values. Lists are compared by their longest common subsequence.

use json_patch::jsonptr::PointerBuf;
use json_patch::{AddOperation, Patch, PatchOperation, RemoveOperation, ReplaceOperation};
use serde_json::{Map, Value};
use similar::{Algorithm, DiffOp, capture_diff_slices};

/// The patch that makes `after` of `before`.
pub(super) fn between(before: &Value, after: &Value) -> Patch {
    let mut diff = Diff {
        path: PointerBuf::root(),
        operations: Vec::new(),
    };
    diff.value(before, after);
    Patch(diff.operations)
}

struct Diff {
    /// Where the values that are compared stand.
    path: PointerBuf,
    operations: Vec<PatchOperation>,
}

impl Diff {
    fn value(&mut self, before: &Value, after: &Value) {
        match (before, after) {
            (Value::Object(before), Value::Object(after)) => self.object(before, after),
            (Value::Array(before), Value::Array(after)) => self.list(before, after),
            _ if before == after => {}
            _ => self
                .operations
                .push(PatchOperation::Replace(ReplaceOperation {
                    path: self.path.clone(),
                    value: after.clone(),
                })),
        }
    }

    fn object(&mut self, before: &Map<String, Value>, after: &Map<String, Value>) {
        for name in before.keys().filter(|name| !after.contains_key(*name)) {
            self.remove(name);
        }
        for (name, value) in after {
            match before.get(name) {
                Some(old) => self.at(name, |diff| diff.value(old, value)),
                None => self.add(name, value),
            }
        }
    }

    fn list(&mut self, before: &[Value], after: &[Value]) {
        let keys = |items: &[Value]| -> Vec<String> { items.iter().map(key).collect() };
        let (old_keys, new_keys) = (keys(before), keys(after));
        // Operations apply one after the other, so they count from the items that are done. The new
        // index of a deletion does not: it can be that of an earlier place.
        let mut done = 0;
        for op in capture_diff_slices(Algorithm::Myers, &old_keys, &new_keys) {
            let (_, old, new) = op.as_tag_tuple();
            let both = match op {
                DiffOp::Equal { len, .. } => len,
                // What was replaced by something else is changed in place.
                DiffOp::Replace { .. } => old.len().min(new.len()),
                DiffOp::Delete { .. } | DiffOp::Insert { .. } => 0,
            };
            for (from, to) in before[old.clone()]
                .iter()
                .zip(&after[new.clone()])
                .take(both)
            {
                self.at(&done.to_string(), |diff| diff.value(from, to));
                done += 1;
            }
            for _ in both..old.len() {
                self.remove(&done.to_string());
            }
            for item in after[new].iter().skip(both) {
                self.add(&done.to_string(), item);
                done += 1;
            }
        }
    }

    fn at(&mut self, name: &str, compare: impl FnOnce(&mut Self)) {
        self.path.push_back(name);
        compare(self);
        self.path.pop_back();
    }

    fn add(&mut self, name: &str, value: &Value) {
        self.operations.push(PatchOperation::Add(AddOperation {
            path: self.below(name),
            value: value.clone(),
        }));
    }

    fn remove(&mut self, name: &str) {
        self.operations
            .push(PatchOperation::Remove(RemoveOperation {
                path: self.below(name),
            }));
    }

    fn below(&self, name: &str) -> PointerBuf {
        let mut path = self.path.clone();
        path.push_back(name);
        path
    }
}

/// What makes an item of a list the same as another: its identifier if it has one, else all of it.
fn key(item: &Value) -> String {
    match item.get("id") {
        Some(Value::String(id)) => id.clone(),
        _ => item.to_string(),
    }
}
