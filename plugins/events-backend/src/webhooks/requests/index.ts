export { findHeaderProblem } from './findHeaderProblem';
export { joinHeaders, type HeaderLayers } from './joinHeaders';
export { makeContent, type Content, type ContentOptions } from './makeContent';
export { maskHeaders } from './maskHeaders';
export { nameBatch } from './nameBatch';
export { readTraceparent } from './readTraceparent';
export { userAgent } from './userAgent';
