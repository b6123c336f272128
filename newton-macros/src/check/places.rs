//! Names for indices that are not what they were once the statement has run: `x[argmax(&x)] = 0.0`. The reverse sweep goes to the same place
//! again, and reads the index from its name.

use crate::ir::{Block, Discrete, Place, Program, Stmt, Type};

/// Rewrites the program's body.
pub fn name(program: &mut Program) {
    let body = std::mem::take(&mut program.body);
    program.body = block(body, program);
}

fn block(stmts: Block, program: &mut Program) -> Block {
    let mut out = Block::new();
    for mut stmt in stmts {
        match &mut stmt {
            Stmt::Assign { place, .. }
            | Stmt::Accumulate { place, .. }
            | Stmt::AssignDiscrete { place, .. } => {
                named(place, &mut out, program);
            }
            Stmt::For { body, .. } => *body = block(std::mem::take(body), program),
            Stmt::If { then, otherwise, .. } => {
                *then = block(std::mem::take(then), program);
                *otherwise = block(std::mem::take(otherwise), program);
            }
            _ => {}
        }
        out.push(stmt);
    }
    out
}

fn named(place: &mut Place, out: &mut Block, program: &mut Program) {
    let var = place.var;
    for index in &mut place.indices {
        let mut reads_itself = false;
        index.for_each_read(&mut |read| reads_itself |= read.var == var);
        if reads_itself || searches(index) {
            let at = program.declare(crate::grad::fresh(program, "at"), Type::INT, false);
            let init = std::mem::replace(index, Discrete::Read(Place::of(at)));
            out.push(Stmt::LetDiscrete { var: at, init });
        }
    }
}

/// It takes a search through an array, which is better done once.
fn searches(index: &Discrete) -> bool {
    let mut found = matches!(index, Discrete::Call(..));
    index.for_each_part(&mut |part| found |= searches(part));
    found
}
