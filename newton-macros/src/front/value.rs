//! What names and expressions stand for while a function is lowered.

use super::iter::Iter;
use crate::ir::{Constant, Discrete, Expr, Kind, Place, Type, VarId};
use std::collections::HashMap;
use std::rc::Rc;

/// What a name stands for.
#[derive(Clone)]
pub enum Binding {
    /// A variable.
    Var(VarId),
    /// Anything that needs no variable of its own: a reference to a place, a constant, a tuple of bindings, a closure.
    Value(Value),
    /// A tuple, each element of which is a variable or a tuple again.
    Tuple(Vec<Binding>),
    /// An array of tuples: each a variable that is an array.
    Rows(Vec<Binding>),
    /// Something whose declaration was refused: uses of it are no mistakes of their own.
    Refused,
}

/// Names of a block.
pub type Scope = HashMap<String, Binding>;

/// The value of an expression.
#[derive(Clone)]
pub enum Value {
    /// A float, or an array of floats with these lengths.
    Float(Expr, Vec<Discrete>),
    /// An integer or a condition, or an array of them.
    Discrete(Discrete, Type),
    /// A constant whose type the macro cannot see: float or integer, as its use decides.
    Constant(Constant),
    /// Arithmetic with such constants.
    Untyped(Untyped),
    /// Several values.
    Tuple(Vec<Value>),
    /// An array of tuples: an array for each of their elements.
    Rows(Vec<Value>),
    /// Some elements of an array, from an offset on.
    Slice { of: Place, offset: Discrete, len: Discrete },
    /// What an iterator yields.
    Iter(Box<Iter>),
    /// A closure with the names it sees.
    Closure(Rc<Closure>),
    /// A function by its path.
    Function(syn::ExprPath),
}

/// Arithmetic with constants whose type the macro cannot see.
#[derive(Clone)]
pub enum Untyped {
    /// One constant.
    Constant(Constant),
    /// -x
    Neg(Box<Untyped>),
    /// Arithmetic.
    Binary(syn::BinOp, Box<Untyped>, Box<Untyped>),
}

impl Untyped {
    /// The number as a float.
    pub fn float(self) -> Expr {
        match self {
            Untyped::Constant(constant) => Expr::Const(constant),
            Untyped::Neg(a) => Expr::neg(a.float()),
            Untyped::Binary(op, a, b) => {
                let op = super::expr::float_operator(&op).expect("only arithmetic is untyped");
                Expr::Binary(op, Box::new(a.float()), Box::new(b.float()))
            }
        }
    }
    /// The number as an integer.
    pub fn int(self) -> Discrete {
        match self {
            Untyped::Constant(constant) => Discrete::Constant(constant),
            Untyped::Neg(a) => Discrete::Unary(syn::parse_quote!(-), Box::new(a.int())),
            Untyped::Binary(op, a, b) => Discrete::binary(a.int(), op, b.int()),
        }
    }
}

/// A closure with the names it sees.
pub struct Closure {
    /// As written.
    pub text: syn::ExprClosure,
    /// The scopes where it was written.
    pub scopes: Vec<Scope>,
}

impl Value {
    /// One integer.
    pub fn int(int: Discrete) -> Value {
        Value::Discrete(int, Type::INT)
    }
    /// One condition.
    pub fn bool(condition: Discrete) -> Value {
        Value::Discrete(condition, Type::BOOL)
    }
    /// One float.
    pub fn float(e: Expr) -> Value {
        Value::Float(e, Vec::new())
    }
    /// The value of a place of this type.
    pub fn read(place: Place, ty: Type) -> Value {
        match ty.kind {
            Kind::Float => Value::Float(Expr::Read(place), ty.dims),
            _ => Value::Discrete(Discrete::Read(place), ty),
        }
    }
    /// The place whose value this is.
    pub fn place(&self) -> Option<&Place> {
        match self {
            Value::Float(Expr::Read(place), _) | Value::Discrete(Discrete::Read(place), _) => Some(place),
            _ => None,
        }
    }
    /// Its type, if it has one that a variable can have.
    pub fn ty(&self) -> Option<Type> {
        match self {
            Value::Float(_, dims) => Some(Type::float(dims.clone())),
            Value::Discrete(_, ty) => Some(ty.clone()),
            _ => None,
        }
    }
    /// In plain words, for messages.
    pub fn describe(&self) -> &'static str {
        match self {
            Value::Float(_, dims) if dims.is_empty() => "a float",
            Value::Discrete(_, ty) if ty.is_scalar() && ty.kind == Kind::Int => "an integer",
            Value::Discrete(_, ty) if ty.is_scalar() => "a condition",
            Value::Float(..) | Value::Discrete(..) => "an array",
            Value::Constant(_) | Value::Untyped(_) => "a constant",
            Value::Rows(_) => "an array of tuples",
            Value::Tuple(values) if values.is_empty() => "nothing",
            Value::Tuple(_) => "a tuple",
            Value::Slice { .. } => "a part of an array",
            Value::Iter(_) => "an iterator",
            Value::Closure(_) => "a closure",
            Value::Function(_) => "a function (no variable is called so)",
        }
    }
}
