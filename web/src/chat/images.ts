/** Pictures for a message: read from what is pasted, dropped or chosen. */
import type { Image } from '../api/types';

export const TYPES = ['image/png', 'image/jpeg', 'image/webp', 'image/gif'];

export const isPicture = (file: File) => TYPES.includes(file.type);
export const picturesOf = (from: DataTransfer | null): File[] => [...(from?.files ?? [])].filter((file) => file.type.startsWith('image/'));

export function read(file: File): Promise<Image> {
  return new Promise((done, fail) => {
    const reader = new FileReader();
    reader.onload = () => done({ media_type: file.type, data: String(reader.result).replace(/^data:[^,]*,/, '') });
    reader.onerror = () => fail(reader.error ?? new Error(file.name));
    reader.readAsDataURL(file);
  });
}
