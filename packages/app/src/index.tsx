import '@backstage/ui/css/styles.css';
import { createRoot } from 'react-dom/client';
import app from './App';

const root = document.getElementById('root');
if (!root) {
  throw new Error('public/index.html has no element with the id root');
}
createRoot(root).render(app.createRoot());
