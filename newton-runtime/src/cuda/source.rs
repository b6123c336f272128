//! What generated code carries.

use super::Definition;

/// How to get at the text of a function.
pub type Helper = fn() -> Source;

/// The text of a loss or of a function that losses call.
#[derive(Debug, Clone)]
pub struct Source {
    /// The user's function.
    pub name: &'static str,
    /// Where it stands: module, line and column of the attribute. No two have the same.
    pub place: (&'static str, u32, u32),
    /// Const generics and integer hyper-parameters of a loss.
    pub parameters: Vec<Definition>,
    /// Constants that it names.
    pub constants: Vec<Definition>,
    /// Functions that it calls, each with its name in the text.
    pub helpers: Vec<(&'static str, Helper)>,
    /// The headers of a function's forms.
    pub declarations: &'static str,
    /// C++.
    pub code: &'static str,
}

/// The functions that a source calls, directly or not, each once; `namespaces` says what each is called.
pub(super) struct Helpers {
    all: Vec<(String, Source)>,
}

impl Helpers {
    pub fn of(source: &Source) -> Self {
        let mut helpers = Helpers { all: Vec::new() };
        helpers.visit(source);
        helpers
    }

    fn visit(&mut self, source: &Source) {
        for (_, helper) in &source.helpers {
            let helper = helper();
            // A derivative may call its function: circles end here.
            if self.namespace(&helper).is_some() {
                continue;
            }
            let name = helper.name.trim_start_matches("r#");
            let letters = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
            let name: String = name.chars().map(letters).collect();
            // The number keeps functions of one name apart, and all from keywords.
            self.all.push((format!("{name}_fn{}", self.all.len()), helper.clone()));
            self.visit(&helper);
        }
    }

    fn namespace(&self, helper: &Source) -> Option<&str> {
        let same = |(_, other): &&(String, Source)| other.place == helper.place && other.name == helper.name;
        self.all.iter().find(same).map(|(name, _)| &**name)
    }

    /// All of them: declarations first, for they may call each other in a circle.
    pub fn write(&self, out: &mut String) {
        for (name, _) in &self.all {
            out.push_str(&format!("namespace {name} {{}}\n"));
        }
        for (name, helper) in &self.all {
            out.push_str(&format!("\nnamespace {name} {{\n"));
            self.write_names(helper, out);
            out.push_str(helper.declarations);
            out.push_str("}\n");
        }
        for (name, helper) in &self.all {
            out.push_str(&format!("\nnamespace {name} {{\n{}}}\n", helper.code));
        }
    }

    /// What a source names.
    pub fn write_names(&self, source: &Source, out: &mut String) {
        for definition in source.parameters.iter().chain(&source.constants) {
            out.push_str(&definition.text);
            out.push('\n');
        }
        for (alias, helper) in &source.helpers {
            if let Some(namespace) = self.namespace(&helper()) {
                out.push_str(&format!("namespace {alias} = {namespace};\n"));
            }
        }
    }
}
