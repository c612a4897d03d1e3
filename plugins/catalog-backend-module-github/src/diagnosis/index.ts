export { createDiagnosisRouter } from './createDiagnosisRouter';
