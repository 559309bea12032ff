// A value, or a reason why there is none. For trouble that is expected: bad bytes, bad text.

export type Result<Value, Trouble> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly error: Trouble };

export const ok = <Value>(value: Value): { readonly ok: true; readonly value: Value } => ({
  ok: true,
  value,
});

export const err = <Trouble>(error: Trouble): { readonly ok: false; readonly error: Trouble } => ({
  ok: false,
  error,
});
