/**
 * The words of Callboard that a browser shares with the backend: permissions, the shapes of the API, and the contract.
 *
 * @packageDocumentation
 */
export * from './permissions';
export * from './api';
export * from './contract';
export * from './endpoints';
export * from './endpointApi';
