/**
 * The words of Callboard that a browser shares with the backend: permissions and the shapes of the API.
 *
 * @packageDocumentation
 */
export * from './permissions';
export * from './api';
