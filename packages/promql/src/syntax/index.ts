export { type FunctionSignature, functionSignatures } from './signatures.ts'
