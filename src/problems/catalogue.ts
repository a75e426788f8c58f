export type { CodeOf, ProblemCode } from '../error-codes.js';
