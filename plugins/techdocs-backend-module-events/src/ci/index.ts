export { createCiHandler } from './createCiHandler';
